//! What is refused before a handler sees it, and how.

use rag_admin_api::paths;
use reqwest::{Method, StatusCode, header};
use serde_json::json;

use crate::support::{EMAIL, PASSWORD, TestServer, problem};

#[tokio::test]
async fn an_unknown_address_of_the_api_is_a_problem() {
    let server = TestServer::start().await;
    for path in ["/api", "/api/v1", "/api/v1/nothing", "/api/v2/auth/me"] {
        let response = server.browser().get(path).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
        problem(response).await;
    }
}

#[tokio::test]
async fn a_wrong_method_is_a_problem_that_names_the_right_one() {
    let server = TestServer::start().await;
    let response = server.browser().get(paths::SIGN_IN).await;
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(response.headers()[header::ALLOW], "POST");
    problem(response).await;
}

#[tokio::test]
async fn a_body_that_is_not_json_or_too_large_is_a_problem() {
    let server = TestServer::start().await;
    let large = json!({ "email": EMAIL, "password": "x".repeat(17 * 1024) }).to_string();
    for (kind, body, status) in [
        (
            "application/json",
            "{".to_owned(),
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
        (
            "text/plain",
            "{}".to_owned(),
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ),
        ("application/json", large, StatusCode::PAYLOAD_TOO_LARGE),
    ] {
        let mut browser = server.browser();
        let request = browser
            .request(Method::POST, paths::SIGN_IN)
            .header(header::CONTENT_TYPE, kind);
        let response = browser.send(request.body(body)).await;
        assert_eq!(response.status(), status);
        problem(response).await;
    }
}

/// Signs in with these headers.
async fn sign_in_with(server: &TestServer, headers: &[(&str, &str)]) -> StatusCode {
    let mut browser = server.browser();
    let mut request = browser.request(Method::POST, paths::SIGN_IN);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = browser
        .send(request.json(&json!({ "email": EMAIL, "password": PASSWORD })))
        .await;
    let status = response.status();
    if status == StatusCode::FORBIDDEN {
        assert_eq!(
            problem(response).await.detail,
            "The request came from another site."
        );
    }
    status
}

#[tokio::test]
async fn another_site_cannot_send_what_changes_something() {
    let server = TestServer::start_with(&[("TRUSTED_ORIGINS", "http://trusted.example")]).await;
    let own = format!("http://{}", server.server.address());
    for (headers, status) in [
        (vec![("sec-fetch-site", "same-origin")], StatusCode::OK),
        (vec![("origin", own.as_str())], StatusCode::OK),
        (
            vec![
                ("sec-fetch-site", "cross-site"),
                ("origin", "http://trusted.example"),
            ],
            StatusCode::OK,
        ),
        (
            vec![
                ("sec-fetch-site", "cross-site"),
                ("origin", "http://evil.example"),
            ],
            StatusCode::FORBIDDEN,
        ),
        (
            vec![
                ("sec-fetch-site", "same-site"),
                ("origin", "http://127.0.0.1:1"),
            ],
            StatusCode::FORBIDDEN,
        ),
        (
            vec![("origin", "http://evil.example")],
            StatusCode::FORBIDDEN,
        ),
        (vec![("origin", "null")], StatusCode::FORBIDDEN),
    ] {
        assert_eq!(sign_in_with(&server, &headers).await, status, "{headers:?}");
    }
}

#[tokio::test]
async fn trunk_s_proxy_may_rewrite_the_host() {
    let server = TestServer::start().await;
    let headers = [
        ("host", "127.0.0.1"),
        ("origin", "http://127.0.0.1:3000"),
        ("sec-fetch-site", "same-origin"),
    ];
    assert_eq!(sign_in_with(&server, &headers).await, StatusCode::OK);
}

#[tokio::test]
async fn a_name_that_is_rebound_to_this_machine_is_refused() {
    let server = TestServer::start().await;
    // It does not get as far as the API.
    let request = server
        .browser()
        .request(Method::GET, paths::ME)
        .header(header::HOST, "evil.example");
    let status = request.send().await.unwrap().status();
    assert_eq!(status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn every_answer_guards_the_browser() {
    let server = TestServer::start().await;
    for path in ["/", paths::ME, "/healthz", "/telemetry/api/traces"] {
        let response = server.browser().get(path).await;
        let headers = response.headers();
        assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff", "{path}");
        assert!(headers.contains_key(header::REFERRER_POLICY), "{path}");
        let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(
            policy.contains("frame-ancestors 'none'"),
            "{path}: {policy}"
        );
    }
}
