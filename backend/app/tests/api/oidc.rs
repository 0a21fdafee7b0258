//! `GET /api/v1/auth/oidc/start`, `GET …/callback`

use rag_admin_api::{Role, Session, paths};
use reqwest::{StatusCode, header};

use crate::{
    provider::Provider,
    support::{Browser, EMAIL, TestServer, problem},
};

/// Where the application sends a browser that comes back to this address.
async fn back(browser: &mut Browser, address: &str) -> String {
    let answer = browser.get(address).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    let location = &answer.headers()[header::LOCATION];
    location.to_str().unwrap().to_owned()
}

#[tokio::test]
async fn whom_the_provider_knows_by_the_address_of_an_account_is_signed_in_to_it() {
    let provider = Provider::start();
    let server = provider.server(&[]).await;
    for _ in 0..2 {
        let mut browser = server.browser();
        let address = provider.sign_in(&mut browser, "alice").await;
        assert_eq!(back(&mut browser, &address).await, "/");
        let session: Session = browser.get(paths::ME).await.json().await.unwrap();
        assert_eq!(
            (session.user.email.as_str(), session.user.role),
            (EMAIL, Role::Admin)
        );
        assert_eq!(browser.post(paths::REFRESH).await.status(), StatusCode::OK);
    }
}

#[tokio::test]
async fn a_stranger_gets_an_account_only_if_the_operator_says_so() {
    let provider = Provider::start();
    let closed = provider.server(&[]).await;
    let mut browser = closed.browser();
    let address = provider.sign_in(&mut browser, "stranger").await;
    assert_eq!(back(&mut browser, &address).await, "/?sign-in=failed");
    assert_eq!(browser.status_of_me().await, StatusCode::UNAUTHORIZED);

    let open = provider.server(&[("OIDC_SIGN_UP", "1")]).await;
    let mut browser = open.browser();
    let address = provider.sign_in(&mut browser, "stranger").await;
    assert_eq!(back(&mut browser, &address).await, "/");
    let session: Session = browser.get(paths::ME).await.json().await.unwrap();
    assert_eq!(session.user.role, Role::User);
    for password in ["any", "a long enough one"] {
        let answer = open
            .browser()
            .sign_in("stranger@example.com", password)
            .await;
        assert_eq!(
            answer.status(),
            StatusCode::UNAUTHORIZED,
            "there is no password"
        );
    }
}

#[tokio::test]
async fn an_address_that_the_provider_has_not_verified_proves_nothing() {
    let provider = Provider::start();
    let server = provider.server(&[("OIDC_SIGN_UP", "1")]).await;
    let mut browser = server.browser();
    let address = provider.sign_in(&mut browser, "impostor").await;
    assert_eq!(back(&mut browser, &address).await, "/?sign-in=failed");
    assert_eq!(browser.status_of_me().await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_code_is_of_use_once_and_to_the_browser_that_asked_for_it() {
    let provider = Provider::start();
    let server = provider.server(&[]).await;
    let mut browser = server.browser();
    let address = provider.sign_in(&mut browser, "alice").await;
    let attempt = browser.cookies.clone();

    let mut other = server.browser();
    assert_eq!(back(&mut other, &address).await, "/?sign-in=failed");
    other.get("/api/v1/auth/oidc/start").await;
    assert_eq!(back(&mut other, &address).await, "/?sign-in=failed");

    assert_eq!(back(&mut browser, &address).await, "/");
    assert!(!browser.cookies.contains_key("rag_admin_oidc"));
    let mut again = server.browser();
    again.cookies = attempt;
    assert_eq!(back(&mut again, &address).await, "/?sign-in=failed");
    assert_eq!(again.status_of_me().await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn without_a_provider_there_is_none_and_one_that_is_down_is_told() {
    let server = TestServer::start().await;
    let answer = server.browser().get("/api/v1/auth/oidc/start").await;
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    problem(answer).await;

    let provider = Provider::start();
    let server = provider.server(&[]).await;
    drop(provider);
    let answer = server.browser().get("/api/v1/auth/oidc/start").await;
    assert_eq!(answer.status(), StatusCode::BAD_GATEWAY);
    problem(answer).await;
}
