//! Who may see the traces, and what the pages carry.

use axum::Router;
use reqwest::StatusCode;
use throughline_collector::access::loopback_hosts_only;
use tower::ServiceExt;

use crate::support::{Server, TOKEN, header};

#[tokio::test]
async fn without_access_there_is_nothing_to_see() {
    let server = Server::start().await;
    for path in [
        "/telemetry/api/traces",
        "/telemetry/api/traces/00",
        "/telemetry/api/nothing",
    ] {
        let response = server.request(path).send().await.unwrap();
        assert_eq!(response.status(), 401, "{path}");
        assert_eq!(
            header(&response, "content-type"),
            "application/problem+json"
        );
    }
    for path in [
        "/telemetry",
        "/telemetry/",
        "/telemetry/traces/00",
        "/telemetry/index.html",
    ] {
        let response = server.request(path).send().await.unwrap();
        assert_eq!(response.status(), 401, "{path}");
        assert_eq!(
            header(&response, "content-type"),
            "text/html; charset=utf-8"
        );
        assert!(
            response.text().await.unwrap().contains("TELEMETRY_TOKEN"),
            "it says how to get in"
        );
    }
}

#[tokio::test]
async fn the_application_may_let_its_own_people_in() {
    let server = Server::start().await;
    let request = server
        .request("/telemetry/api/traces")
        .header("x-admin", "1");
    assert_eq!(request.send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn programs_send_the_token() {
    let server = Server::start().await;
    let status = async |token| {
        let request = server.request("/telemetry/api/traces").bearer_auth(token);
        request.send().await.unwrap().status()
    };
    assert_eq!(status(TOKEN).await, 200);
    assert_eq!(status("another").await, 401);
    assert_eq!(status("").await, 401);
}

#[tokio::test]
async fn a_link_with_the_token_becomes_a_session() {
    let server = Server::start().await;
    let link = format!("/telemetry/traces/00ff?span=01&token={TOKEN}");
    let response = server.request(&link).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    assert_eq!(
        header(&response, "location"),
        "/telemetry/traces/00ff?span=01"
    );
    assert_eq!(header(&response, "referrer-policy"), "no-referrer");
    let cookie = header(&response, "set-cookie");
    assert!(
        cookie.ends_with("; Path=/telemetry; Max-Age=43200; HttpOnly; SameSite=Lax"),
        "{cookie}"
    );
    assert!(!cookie.contains(TOKEN));

    let cookie = cookie.split(';').next().unwrap();
    for path in ["/telemetry/traces/00ff?span=01", "/telemetry/api/traces"] {
        let request = server.request(path).header("cookie", cookie);
        assert_eq!(request.send().await.unwrap().status(), 200, "{path}");
    }
    let request = server
        .request("/telemetry/api/traces")
        .header("cookie", format!("{cookie}x"));
    assert_eq!(request.send().await.unwrap().status(), 401);
}

#[tokio::test]
async fn a_link_with_a_wrong_token_leads_nowhere() {
    let server = Server::start().await;
    let response = server
        .request("/telemetry/?token=wrong")
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 401);
    assert_eq!(header(&response, "set-cookie"), "");
}

#[tokio::test]
async fn the_viewer_answers_every_address_in_it_with_its_page() {
    let server = Server::start().await;
    for path in [
        "/telemetry",
        "/telemetry/",
        "/telemetry/traces/0af7651916cd43dd8448eb211c80319c",
    ] {
        let response = server.get(path).await;
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(
            header(&response, "content-type"),
            "text/html; charset=utf-8"
        );
        assert_eq!(header(&response, "cache-control"), "no-cache, private");
        assert_eq!(header(&response, "x-content-type-options"), "nosniff");
        let policy = header(&response, "content-security-policy");
        assert!(
            policy.starts_with("default-src 'self'; script-src 'self' 'wasm-unsafe-eval'"),
            "{policy}"
        );
        assert!(
            policy.ends_with("base-uri 'none'; frame-ancestors 'none'"),
            "{policy}"
        );
    }
    let post = server
        .client
        .post(format!("{}/telemetry/", server.base))
        .bearer_auth(TOKEN);
    assert_eq!(post.send().await.unwrap().status(), 405);
}

#[tokio::test]
async fn on_loopback_a_browser_must_call_this_machine_by_its_name() {
    let router = loopback_hosts_only(Router::new().fallback(async || ()));
    let status = async |method: &str, host: &str, origin: Option<&str>| {
        let mut request = http::Request::builder()
            .method(method)
            .uri("/")
            .header("host", host);
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        let request = request.body(axum::body::Body::empty()).unwrap();
        router
            .clone()
            .oneshot(request)
            .await
            .unwrap()
            .status()
            .as_u16()
    };
    for host in [
        "localhost",
        "localhost:4318",
        "127.0.0.1:4318",
        "[::1]:4318",
        "a.localhost",
    ] {
        assert_eq!(status("GET", host, None).await, 200, "{host}");
    }
    for host in [
        "evil.example:4318",
        "127.0.0.1.evil.example",
        "192.0.2.1",
        "",
    ] {
        assert_eq!(status("GET", host, None).await, 403, "{host}");
        assert_eq!(
            status("POST", host, Some("http://evil.example:4318")).await,
            403,
            "{host}"
        );
    }
    assert_eq!(
        status("POST", "host.docker.internal:4318", None).await,
        200,
        "a program in a container"
    );
}

#[tokio::test]
async fn on_loopback_the_name_counts_wherever_http_has_it() {
    let router = loopback_hosts_only(Router::new().fallback(async || ()));
    let status = async |uri: &str| {
        let request = http::Request::get(uri).body(axum::body::Body::empty());
        let response = router.clone().oneshot(request.unwrap()).await.unwrap();
        response.status().as_u16()
    };
    assert_eq!(status("http://localhost:4318/").await, 200, "HTTP/2");
    assert_eq!(status("http://evil.example:4318/").await, 403, "HTTP/2");
    assert_eq!(status("/").await, 200, "HTTP/1.0: no browser");
}
