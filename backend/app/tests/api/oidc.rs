//! `GET /api/v1/auth/oidc/start`, `GET …/callback`

use std::time::Duration;

use opentelemetry::trace::SpanKind;
use rag_admin_api::{Role, Session, paths};
use reqwest::{StatusCode, header};

use crate::{
    authority::Authority,
    provider::Provider,
    support::{Browser, EMAIL, TestServer, problem, recorded},
};

const LONG: Duration = Duration::from_secs(30);

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

#[tokio::test]
async fn a_provider_over_tls_is_believed_if_its_authority_is_trusted() {
    let authority = Authority::new();
    let ca = authority.ca();
    let provider = Provider::start_with(Some(authority));
    assert!(provider.issuer.starts_with("https://"));
    let ca_file = [("OIDC_CA_FILE", ca.to_str().unwrap())];
    let server = provider.server(&ca_file).await;
    let mut browser = server.browser();
    let address = provider.sign_in(&mut browser, "alice").await;
    assert_eq!(back(&mut browser, &address).await, "/");
    assert_eq!(browser.status_of_me().await, StatusCode::OK);
}

#[tokio::test]
async fn a_provider_with_a_foreign_certificate_is_refused_and_the_log_says_why() {
    let provider = Provider::start_with(Some(Authority::new()));
    // The system's authorities, and one that has signed something else.
    let not_trusted = Authority::new();
    let ca = not_trusted.ca();
    for ca_file in [None, Some(("OIDC_CA_FILE", ca.to_str().unwrap()))] {
        let server = provider.server(ca_file.as_slice()).await;
        let request = server
            .browser()
            .request(reqwest::Method::GET, "/api/v1/auth/oidc/start");
        let trace_id = format!("{:032x}", 0x7e57_0000 + usize::from(ca_file.is_some()));
        let parent = format!("00-{trace_id}-00f067aa0ba902b7-01");
        let answer = request.header("traceparent", parent).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::BAD_GATEWAY);
        problem(answer).await;
        let logs = recorded().logs(&trace_id);
        let told = logs
            .iter()
            .any(|line| line.to_string().contains("invalid peer certificate"));
        assert!(told, "{logs:?}");
        recorded().telemetry.flush(LONG).await.unwrap();
        let spans = recorded().spans.get_finished_spans().unwrap();
        let call = spans.iter().find(|span| {
            span.span_context.trace_id().to_string() == trace_id
                && span.span_kind == SpanKind::Client
        });
        let class = call
            .unwrap()
            .attributes
            .iter()
            .find(|it| it.key.as_str() == "error.type");
        assert_eq!(class.unwrap().value.as_str(), "tls");
    }
}
