//! How much one client may ask for.

use std::net::TcpListener;

use opentelemetry_sdk::trace::SpanData;
use rag_admin_api::paths;
use reqwest::{
    Method, RequestBuilder, Response, StatusCode, header,
    multipart::{Form, Part},
};
use serde_json::json;

use crate::{
    support::{Browser, EMAIL, PASSWORD, TestServer, problem},
    trace::{once, traceparent},
};

/// An account may do each of these once in a minute.
const ONCE: [(&str, &str); 4] = [
    ("UPLOADS_PER_MINUTE", "1"),
    ("SEARCHES_PER_MINUTE", "1"),
    ("REFRESHES_PER_MINUTE", "1"),
    ("NEW_USERS_PER_MINUTE", "1"),
];

#[tokio::test]
async fn who_asks_too_often_is_told_when_to_try_again() {
    let server = TestServer::start_with(&ONCE).await;
    let mut alice = signed_in(&server, EMAIL).await;
    for (limited, first) in [
        (
            upload as fn(&Browser) -> RequestBuilder,
            StatusCode::ACCEPTED,
        ),
        (search, StatusCode::OK),
        (new_user, StatusCode::CREATED),
    ] {
        assert_eq!(alice.send(limited(&alice)).await.status(), first);
        refused(alice.send(limited(&alice)).await).await;
    }
    // What is limited is the account, and not the place.
    let mut bob = signed_in(&server, "bob@example.com").await;
    assert_eq!(bob.send(search(&bob)).await.status(), StatusCode::OK);
    refused(bob.send(search(&bob)).await).await;
}

#[tokio::test]
async fn a_session_is_not_renewed_without_end() {
    let server = TestServer::start_with(&ONCE).await;
    let mut browser = signed_in(&server, EMAIL).await;
    let tokens = browser.cookies.clone();
    assert_eq!(browser.post(paths::REFRESH).await.status(), StatusCode::OK);
    // The other tab has the same token.
    browser.cookies = tokens;
    refused(browser.post(paths::REFRESH).await).await;
}

#[tokio::test]
async fn a_body_may_be_as_large_as_the_operator_says() {
    let server = TestServer::start_with(&[("MAX_BODY_BYTES", "100")]).await;
    let response = server.browser().sign_in(EMAIL, &"x".repeat(60)).await;
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
    problem(response).await;
    assert_eq!(
        server.browser().sign_in(EMAIL, PASSWORD).await.status(),
        StatusCode::OK
    );
}

#[tokio::test]
async fn what_takes_too_long_is_cut_off_and_its_span_says_so() {
    // A provider that takes the connection, and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let issuer = format!("http://{}", silent.local_addr().unwrap());
    let server = TestServer::start_with(&[
        ("OIDC_ISSUER", &issuer),
        ("OIDC_CLIENT_ID", "rag-admin"),
        ("OIDC_CLIENT_SECRET", "a secret"),
        ("REQUEST_TIMEOUT_SECONDS", "1"),
    ])
    .await;
    let trace_id = "4bf92f3577b34da6a3ce929d0e0e4721";
    let mut browser = server.browser();
    let request = browser
        .request(Method::GET, "/api/v1/auth/oidc/start")
        .header("traceparent", traceparent(trace_id));
    let response = browser.send(request).await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    let problem = problem(response).await;
    assert_eq!(problem.detail, "The server took too long. Try again.");

    let answered = |it: &SpanData| it.name == "GET /api/v1/auth/oidc/start";
    let spans = once(trace_id, answered).await;
    let server = spans.iter().find(|it| answered(it)).unwrap();
    assert_eq!(attribute(server, "error.type"), "timeout");
    // The handler was dropped, and with it its request.
    let client = spans.iter().find(|it| it.name == "GET").unwrap();
    assert_eq!(attribute(client, "throughline.request.cancelled"), "true");
}

#[tokio::test]
async fn behind_a_trusted_proxy_each_client_is_limited_for_itself() {
    let vars = [
        ("TRUSTED_PROXIES", "127.0.0.1"),
        ("REFRESHES_PER_MINUTE", "1"),
    ];
    let server = TestServer::start_with(&vars).await;
    let browser = server.browser();
    // Each with a token of its own, so that only the address is the same; what a client wrote itself is not read.
    let ask = async |client: &str, attempt: u32| {
        let request = browser
            .request(Method::POST, paths::REFRESH)
            .header("x-forwarded-for", format!("6.6.6.{attempt}, {client}"))
            .header("cookie", format!("rag_admin_refresh=token-{attempt}"));
        request.send().await.unwrap().status()
    };
    for attempt in 0..10 {
        assert_eq!(ask("192.0.2.1", attempt).await, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(ask("192.0.2.1", 10).await, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(ask("192.0.2.2", 11).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn behind_a_trusted_proxy_each_page_has_its_telemetry_taken() {
    let server = TestServer::start_with(&[("TRUSTED_PROXIES", "127.0.0.1")]).await;
    let browser = server.browser();
    let post = async |client: &str| {
        let request = browser
            .request(Method::POST, "/v1/traces")
            .header("x-forwarded-for", client)
            .header("content-type", "application/json");
        request.body("{}").send().await.unwrap().status()
    };
    // More than one client may send at once.
    let mut status = StatusCode::OK;
    for _ in 0..1000 {
        status = post("192.0.2.1").await;
        if status != StatusCode::OK {
            break;
        }
    }
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(post("192.0.2.2").await, StatusCode::OK);
}

async fn signed_in(server: &TestServer, email: &str) -> Browser {
    let mut browser = server.browser();
    let response = browser.sign_in(email, PASSWORD).await;
    assert_eq!(response.status(), StatusCode::OK);
    browser
}

fn upload(browser: &Browser) -> RequestBuilder {
    let part = Part::text("Some words.").file_name("words.txt");
    let form = Form::new().part("file", part);
    browser
        .request(Method::POST, paths::DOCUMENTS)
        .multipart(form)
}

fn search(browser: &Browser) -> RequestBuilder {
    let wanted = json!({ "query": "words" });
    browser.request(Method::POST, paths::SEARCH).json(&wanted)
}

fn new_user(browser: &Browser) -> RequestBuilder {
    let new = json!({ "email": "bob@example.com", "password": PASSWORD });
    browser.request(Method::POST, paths::USERS).json(&new)
}

/// Checks that an answer is a 429 that says for how long.
async fn refused(response: Response) {
    assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
    let wait = response.headers()[header::RETRY_AFTER].to_str().unwrap();
    assert!((1..=60).contains(&wait.parse::<u64>().unwrap()), "{wait}");
    assert!(problem(response).await.detail.contains("Try again in"));
}

fn attribute(span: &SpanData, key: &str) -> String {
    let found = span.attributes.iter().find(|it| it.key.as_str() == key);
    found.map_or_else(String::new, |it| it.value.to_string())
}
