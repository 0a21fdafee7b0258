//! `GET /api/v1/auth/me`, `POST …/refresh`, `POST …/signout`

use std::time::Duration;

use rag_admin_api::{SESSION_EXPIRED, Session, paths};
use reqwest::StatusCode;

use crate::support::{EMAIL, PASSWORD, TestServer, problem};

#[tokio::test]
async fn without_cookies_nobody_is_signed_in() {
    let server = TestServer::start().await;
    let mut browser = server.browser();
    let response = browser.get(paths::ME).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(problem(response).await.kind, "about:blank");
    assert_eq!(
        browser.post(paths::REFRESH).await.status(),
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        browser.post(paths::SIGN_OUT).await.status(),
        StatusCode::NO_CONTENT
    );
}

#[tokio::test]
async fn without_an_access_token_a_session_can_be_renewed() {
    let server = TestServer::start().await;
    let mut browser = server.browser();
    let session: Session = browser.sign_in(EMAIL, PASSWORD).await.json().await.unwrap();
    browser.cookies.remove("rag_admin_access").unwrap();
    assert_eq!(
        problem(browser.get(paths::ME).await).await.kind,
        SESSION_EXPIRED
    );

    let response = browser.post(paths::REFRESH).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.json::<Session>().await.unwrap(), session);
    assert_eq!(browser.status_of_me().await, StatusCode::OK);
}

#[tokio::test]
async fn a_refresh_token_that_is_used_twice_ends_the_session() {
    let server = TestServer::start().await;
    let mut owner = server.browser();
    owner.sign_in(EMAIL, PASSWORD).await;
    let mut thief = server.browser();
    thief.cookies.clone_from(&owner.cookies);

    assert_eq!(thief.post(paths::REFRESH).await.status(), StatusCode::OK);
    server.let_time_pass(Duration::from_secs(60)).await;
    let response = owner.post(paths::REFRESH).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(
        problem(response).await.detail,
        "The session has ended. Sign in again."
    );
    assert!(owner.cookies.is_empty(), "the browser forgets the tokens");
    assert_eq!(thief.status_of_me().await, StatusCode::UNAUTHORIZED);
    assert_eq!(
        thief.post(paths::REFRESH).await.status(),
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn two_tabs_that_renew_the_session_at_once_both_go_on() {
    let server = TestServer::start().await;
    let mut one = server.browser();
    one.sign_in(EMAIL, PASSWORD).await;
    let mut other = server.browser();
    other.cookies.clone_from(&one.cookies);
    for tab in [&mut one, &mut other] {
        assert_eq!(tab.post(paths::REFRESH).await.status(), StatusCode::OK);
        assert_eq!(tab.status_of_me().await, StatusCode::OK);
    }
}

#[tokio::test]
async fn after_signing_out_the_tokens_open_nothing() {
    let server = TestServer::start().await;
    let mut browser = server.browser();
    browser.sign_in(EMAIL, PASSWORD).await;
    let kept = browser.cookies.clone();

    assert_eq!(
        browser.post(paths::SIGN_OUT).await.status(),
        StatusCode::NO_CONTENT
    );
    assert!(browser.cookies.is_empty());
    browser.cookies = kept;
    assert_eq!(browser.status_of_me().await, StatusCode::UNAUTHORIZED);
    assert_eq!(
        browser.post(paths::REFRESH).await.status(),
        StatusCode::UNAUTHORIZED
    );
}
