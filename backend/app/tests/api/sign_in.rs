//! `POST /api/v1/auth/signin`

use rag_admin_api::{Role, Session, paths};
use reqwest::{Method, StatusCode, header};
use serde_json::json;

use crate::support::{EMAIL, PASSWORD, TestServer, problem};

#[tokio::test]
async fn the_right_password_signs_in_and_says_who() {
    let server = TestServer::start().await;
    let mut browser = server.browser();
    let response = browser.sign_in(" Alice@Example.COM ", PASSWORD).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
    let session: Session = response.json().await.unwrap();
    assert_eq!(
        (session.user.email.as_str(), session.user.role),
        (EMAIL, Role::Admin)
    );

    let again: Session = browser.get(paths::ME).await.json().await.unwrap();
    assert_eq!(again, session);
}

#[tokio::test]
async fn scripts_see_no_cookie_and_other_sites_send_none() {
    let server = TestServer::start().await;
    let response = server.browser().sign_in(EMAIL, PASSWORD).await;
    let cookies: Vec<&str> = response
        .headers()
        .get_all(header::SET_COOKIE)
        .iter()
        .map(|value| value.to_str().unwrap())
        .collect();
    assert_eq!(cookies.len(), 2);
    assert!(
        cookies
            .iter()
            .all(|cookie| cookie.contains("; HttpOnly") && cookie.contains("; SameSite="))
    );
    assert!(
        cookies.iter().all(|cookie| !cookie.contains("Secure")),
        "plain HTTP on loopback"
    );
}

#[tokio::test]
async fn behind_tls_cookies_are_secure_and_bound_to_the_host() {
    let server = TestServer::start_with(&[("TRUSTED_ORIGINS", "https://app.example")]).await;
    let response = server.browser().sign_in(EMAIL, PASSWORD).await;
    for cookie in response.headers().get_all(header::SET_COOKIE) {
        let cookie = cookie.to_str().unwrap();
        assert!(cookie.starts_with("__Host-"), "{cookie}");
        assert!(
            cookie.contains("; Secure") && cookie.contains("; Path=/;"),
            "{cookie}"
        );
        assert!(!cookie.contains("Domain"), "{cookie}");
    }
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_user_get_the_same_answer() {
    let server = TestServer::start().await;
    let wrong = server.browser().sign_in(EMAIL, "wrong").await;
    let unknown = server
        .browser()
        .sign_in("nobody@example.com", PASSWORD)
        .await;
    assert_eq!(wrong.status(), StatusCode::UNAUTHORIZED);
    assert!(!wrong.headers().contains_key(header::SET_COOKIE));
    let wrong = problem(wrong).await;
    assert_eq!(wrong.detail, "Wrong e-mail address or password.");
    assert_eq!(wrong, problem(unknown).await);
}

#[tokio::test]
async fn what_cannot_be_used_is_422() {
    let server = TestServer::start().await;
    let long = "x".repeat(73);
    for (body, detail) in [
        (
            json!({ "email": "alice", "password": "x" }),
            "This is not an e-mail address.",
        ),
        (
            json!({ "email": EMAIL, "password": "" }),
            "The password is empty.",
        ),
        (
            json!({ "email": EMAIL, "password": long }),
            "The password is longer than 72 bytes.",
        ),
        (
            json!({ "email": EMAIL }),
            "The body lacks a member, or one has the wrong type.",
        ),
        (
            json!([1]),
            "The body lacks a member, or one has the wrong type.",
        ),
    ] {
        let mut browser = server.browser();
        let response = browser
            .send(browser.request(Method::POST, paths::SIGN_IN).json(&body))
            .await;
        assert_eq!(
            response.status(),
            StatusCode::UNPROCESSABLE_ENTITY,
            "{body}"
        );
        assert_eq!(problem(response).await.detail, detail);
    }
}

#[tokio::test]
async fn a_password_of_72_bytes_is_read_to_the_end() {
    let server = TestServer::start().await;
    let typed = "ä".repeat(36);
    let response = server.browser().sign_in(EMAIL, &typed).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn too_many_tries_say_when_to_try_again() {
    let server = TestServer::start().await;
    let mut browser = server.browser();
    for _ in 0..10 {
        assert_eq!(
            browser.sign_in(EMAIL, "wrong").await.status(),
            StatusCode::UNAUTHORIZED
        );
    }
    let response = browser.sign_in(EMAIL, PASSWORD).await;
    assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
    let seconds: u64 = response.headers()[header::RETRY_AFTER]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=30).contains(&seconds));
    let detail = problem(response).await.detail;
    assert_eq!(
        detail,
        format!("Too many tries. Try again in {seconds} seconds.")
    );
    // Who tries another account from there is not affected.
    assert_eq!(
        browser.sign_in("bob@example.com", "wrong").await.status(),
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn the_demonstration_administrator_can_sign_in() {
    let server = TestServer::start_with(&[("DEMO_USER", "1")]).await;
    let response = server
        .browser()
        .sign_in("demo@example.com", "correct horse battery staple")
        .await;
    let session: Session = response.json().await.unwrap();
    assert_eq!(session.user.role, Role::Admin);
}
