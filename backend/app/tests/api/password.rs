//! `POST /api/v1/auth/password`

use rag_admin_api::{Session, paths};
use reqwest::StatusCode;
use serde_json::json;

use crate::support::{EMAIL, PASSWORD, TestServer, problem};

const NEW: &str = "another password of Alice's";

#[tokio::test]
async fn a_changed_password_ends_every_other_session() {
    let server = TestServer::start().await;
    let (mut here, mut elsewhere) = (server.browser(), server.browser());
    here.sign_in(EMAIL, PASSWORD).await;
    elsewhere.sign_in(EMAIL, PASSWORD).await;

    let change = json!({ "current": PASSWORD, "new": NEW });
    let response = here.post_json(paths::PASSWORD, &change).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.json::<Session>().await.unwrap().user.email, EMAIL);

    assert_eq!(here.status_of_me().await, StatusCode::OK);
    assert_eq!(elsewhere.status_of_me().await, StatusCode::UNAUTHORIZED);
    let refreshed = elsewhere.post(paths::REFRESH).await;
    assert_eq!(refreshed.status(), StatusCode::UNAUTHORIZED);
    let mut browser = server.browser();
    for (password, status) in [(PASSWORD, StatusCode::UNAUTHORIZED), (NEW, StatusCode::OK)] {
        assert_eq!(browser.sign_in(EMAIL, password).await.status(), status);
    }
}

#[tokio::test]
async fn a_password_is_not_changed_without_the_current_one_or_to_a_weak_one() {
    let server = TestServer::start().await;
    let mut browser = server.browser();
    let change = json!({ "current": PASSWORD, "new": NEW });
    let response = browser.post_json(paths::PASSWORD, &change).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);

    browser.sign_in(EMAIL, PASSWORD).await;
    for (current, new, detail) in [
        ("a guess", NEW, "This is not the current password."),
        (
            PASSWORD,
            "short",
            "The password has fewer than 8 characters.",
        ),
        ("", NEW, "The password is empty."),
    ] {
        let change = json!({ "current": current, "new": new });
        let response = browser.post_json(paths::PASSWORD, &change).await;
        assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(problem(response).await.detail, detail);
    }
    assert_eq!(browser.status_of_me().await, StatusCode::OK);
    let again = server.browser().sign_in(EMAIL, PASSWORD).await;
    assert_eq!(again.status(), StatusCode::OK);
}

#[tokio::test]
async fn guesses_of_the_current_password_are_limited() {
    let server = TestServer::start().await;
    let mut browser = server.browser();
    browser.sign_in(EMAIL, PASSWORD).await;
    let change = json!({ "current": "a guess", "new": NEW });
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    for _ in 0..20 {
        status = browser.post_json(paths::PASSWORD, &change).await.status();
        if status == StatusCode::TOO_MANY_REQUESTS {
            break;
        }
    }
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
}
