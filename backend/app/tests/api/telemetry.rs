//! Who may see traces, and who may send them.

use rag_admin_api::Role;
use rag_admin_server::{Secret, add_user};
use reqwest::{Method, StatusCode, header};

use crate::support::{EMAIL, PASSWORD, TestServer};

const TRACES: &str = "/telemetry/api/traces";

#[tokio::test]
async fn a_signed_in_administrator_sees_the_traces() {
    let server = TestServer::start().await;
    let mut browser = server.browser();
    assert_eq!(browser.get(TRACES).await.status(), StatusCode::UNAUTHORIZED);
    browser.sign_in(EMAIL, PASSWORD).await;
    assert_eq!(browser.get(TRACES).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_user_without_that_role_does_not() {
    let server = TestServer::start().await;
    add_user(
        &server.settings,
        "bob@example.com",
        &Secret::new(PASSWORD),
        Role::User,
    )
    .await
    .unwrap();
    let mut browser = server.browser();
    assert_eq!(
        browser.sign_in("bob@example.com", PASSWORD).await.status(),
        StatusCode::OK
    );
    assert_eq!(browser.get(TRACES).await.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn the_token_of_the_settings_opens_the_viewer() {
    let server = TestServer::start_with(&[("TELEMETRY_TOKEN", "a token of the settings")]).await;
    let mut browser = server.browser();
    let request = browser
        .request(Method::GET, TRACES)
        .bearer_auth("a token of the settings");
    assert_eq!(browser.send(request).await.status(), StatusCode::OK);
    let wrong = browser.request(Method::GET, TRACES).bearer_auth("another");
    assert_eq!(browser.send(wrong).await.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_link_with_the_token_becomes_a_session() {
    let server = TestServer::start().await;
    let mut browser = server.browser();
    let token = server.server.viewer_token().expose();
    let response = browser.get(&format!("/telemetry/?token={token}")).await;
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    assert_eq!(response.headers()[header::LOCATION], "/telemetry/");
    assert!(browser.cookies.values().all(|value| value != token));
    assert_eq!(browser.get(TRACES).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn pages_of_other_sites_send_no_spans() {
    let server = TestServer::start().await;
    let mut browser = server.browser();
    let empty = browser
        .request(Method::POST, "/v1/traces")
        .header(header::CONTENT_TYPE, "application/x-protobuf");
    assert_eq!(
        browser.send(empty.try_clone().unwrap()).await.status(),
        StatusCode::OK
    );
    let status = browser
        .send(empty.header("sec-fetch-site", "cross-site"))
        .await
        .status();
    assert_eq!(status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn other_programs_have_a_listener_of_their_own() {
    let server = TestServer::start_with(&[("OTLP_HTTP_ADDR", "127.0.0.1:0")]).await;
    let url = format!("http://{}/v1/traces", server.server.otlp_address().unwrap());
    let request = reqwest::Client::new()
        .post(url)
        .header(header::CONTENT_TYPE, "application/x-protobuf");
    assert_eq!(request.send().await.unwrap().status(), StatusCode::OK);
}
