//! What a request leaves behind: one trace, and the log lines in it.

mod gone;
pub(crate) mod outage;
mod panic;
mod search;

use std::{fmt::Write, time::Duration};

use expect_test::{Expect, expect};
use opentelemetry_sdk::trace::SpanData;
use rag_admin_api::paths;
use reqwest::{
    Method, StatusCode,
    multipart::{Form, Part},
};
use serde_json::json;

use crate::provider::Provider;
use crate::support::{EMAIL, PASSWORD, TestServer, recorded};

const PARENT: &str = "00f067aa0ba902b7";
const PATIENCE: Duration = Duration::from_secs(10);

#[tokio::test]
async fn a_sign_in_is_one_trace() {
    check(
        "4bf92f3577b34da6a3ce929d0e0e4701",
        EMAIL,
        PASSWORD,
        &expect![[r#"
            POST /api/v1/auth/signin Server Unset http.response.status_code=200
              authenticate_user Internal Unset auth.method=email_password user.email=a***@example.com auth.success=true
                SELECT users Client Unset
                verify_password Internal Unset crypto.algorithm=bcrypt auth.password_valid=true
                  bcrypt.verify Internal Unset
                INSERT refresh_tokens Client Unset
            "INFO": "signed in"
        "#]],
    )
    .await;
}

#[tokio::test]
async fn a_wrong_password_is_no_error_of_the_server() {
    check(
        "4bf92f3577b34da6a3ce929d0e0e4702",
        EMAIL,
        "a wrong password",
        &expect![[r#"
            POST /api/v1/auth/signin Server Unset http.response.status_code=401
              authenticate_user Internal Error { description: "invalid password" } auth.method=email_password user.email=a***@example.com auth.success=false
                SELECT users Client Unset
                verify_password Internal Unset crypto.algorithm=bcrypt auth.password_valid=false
                  bcrypt.verify Internal Unset
            "WARN": "sign-in failed"
        "#]],
    )
    .await;
}

#[tokio::test]
async fn the_password_of_somebody_unknown_is_checked_too() {
    check(
        "4bf92f3577b34da6a3ce929d0e0e4703",
        "nobody@example.com",
        PASSWORD,
        &expect![[r#"
            POST /api/v1/auth/signin Server Unset http.response.status_code=401
              authenticate_user Internal Error { description: "user not found" } auth.method=email_password user.email=n***@example.com auth.success=false
                SELECT users Client Unset
                verify_password Internal Unset crypto.algorithm=bcrypt auth.password_valid=false
                  bcrypt.verify Internal Unset
            "WARN": "sign-in failed"
        "#]],
    )
    .await;
}

#[tokio::test]
async fn addresses_are_shown_if_the_operator_says_so() {
    let server = TestServer::start_with(&[("TELEMETRY_EMAIL", "plain")]).await;
    let trace_id = "4bf92f3577b34da6a3ce929d0e0e4704";
    sign_in(&server, trace_id, EMAIL, PASSWORD).await;
    assert!(
        text(trace_id)
            .await
            .contains("user.email=alice@example.com")
    );
}

#[tokio::test]
async fn the_viewer_and_health_checks_leave_no_trace() {
    let server = TestServer::start().await;
    let mut browser = server.browser();
    browser.sign_in(EMAIL, PASSWORD).await;
    let trace_id = "4bf92f3577b34da6a3ce929d0e0e4705";
    for path in ["/telemetry/api/traces", "/readyz", paths::ME] {
        let request = browser
            .request(Method::GET, path)
            .header("traceparent", traceparent(trace_id));
        assert!(browser.send(request).await.status().is_success());
    }
    assert!(
        text(trace_id)
            .await
            .starts_with("GET /api/v1/auth/me Server")
    );
}

#[tokio::test]
async fn a_sign_in_with_a_provider_is_one_trace_with_the_call_for_the_token() {
    let provider = Provider::start();
    let server = provider.server(&[]).await;
    let mut browser = server.browser();
    let address = provider.sign_in(&mut browser, "alice").await;
    let trace_id = "4bf92f3577b34da6a3ce929d0e0e4707";
    let request = browser
        .request(Method::GET, &address)
        .header("traceparent", traceparent(trace_id));
    browser.send(request).await.bytes().await.unwrap();
    expect![[r#"
        GET /api/v1/auth/oidc/callback Server Unset http.response.status_code=303
          authenticate_user Internal Unset auth.method=oidc auth.success=true user.email=a***@example.com
            POST Client Unset http.response.status_code=200
            SELECT identities Client Unset
            SELECT users Client Unset
            INSERT identities Client Unset
            INSERT refresh_tokens Client Unset
    "#]]
    .assert_eq(&text(trace_id).await);
    let all = format!("{:?} {:?}", recorded().logs(trace_id), finished(trace_id));
    let value = |name: &str| {
        address
            .split(['?', '&'])
            .find_map(|it| it.strip_prefix(name))
    };
    let (code, state) = (value("code=").unwrap(), value("state=").unwrap());
    for secret in [code, state, "a secret of the tests", EMAIL] {
        assert!(!all.contains(secret), "{secret} in {all}");
    }
}

#[tokio::test]
async fn the_indexing_of_an_upload_is_part_of_its_trace() {
    let server = TestServer::start().await;
    let trace_id = "4bf92f3577b34da6a3ce929d0e0e4706";
    upload(&server, trace_id, "private.txt", "a secret of Alice's").await;
    ended(trace_id, "index_document").await;
    expect![[r#"
        POST /api/v1/documents Server Unset http.response.status_code=202
          SELECT refresh_tokens Client Unset
          SELECT users Client Unset
          SELECT documents Client Unset
          INSERT documents Client Unset
          index_document Internal Unset document.passages=1
            SELECT documents Client Unset
            BEGIN Client Unset
            DELETE passages Client Unset
            INSERT passages SELECT Client Unset
            UPDATE documents Client Unset
            COMMIT Client Unset
    "#]]
    .assert_eq(&text(trace_id).await);
    let all = format!("{:?} {:?}", recorded().logs(trace_id), finished(trace_id));
    assert!(!all.contains("secret") && !all.contains("private"), "{all}");
}

async fn check(trace_id: &str, email: &str, password: &str, expected: &Expect) {
    let server = TestServer::start().await;
    sign_in(&server, trace_id, email, password).await;
    let spans = text(trace_id).await;

    expected.assert_eq(&format!("{spans}{}", log(trace_id)));
    let all = format!("{:?} {:?}", recorded().logs(trace_id), finished(trace_id));
    assert!(!all.contains(password) && !all.contains(email), "{all}");
}

/// The log lines of a trace.
fn log(trace_id: &str) -> String {
    let logs = recorded().logs(trace_id);
    let lines = logs
        .iter()
        .map(|line| format!("{}: {}\n", line["level"], line["message"]));
    lines.collect()
}

async fn sign_in(server: &TestServer, trace_id: &str, email: &str, password: &str) -> StatusCode {
    let mut browser = server.browser();
    let request = browser
        .request(Method::POST, paths::SIGN_IN)
        .header("traceparent", traceparent(trace_id));
    let response = browser
        .send(request.json(&json!({ "email": email, "password": password })))
        .await;
    let status = response.status();
    response.bytes().await.unwrap();
    status
}

/// Uploads a document, as Alice.
pub(crate) async fn upload(server: &TestServer, trace_id: &str, name: &str, text: &str) {
    let mut browser = server.browser();
    browser.sign_in(EMAIL, PASSWORD).await;
    let part = Part::text(text.to_owned()).file_name(name.to_owned());
    let request = browser
        .request(Method::POST, paths::DOCUMENTS)
        .header("traceparent", traceparent(trace_id))
        .multipart(Form::new().part("file", part));
    assert_eq!(browser.send(request).await.status(), StatusCode::ACCEPTED);
}

pub(crate) fn traceparent(trace_id: &str) -> String {
    format!("00-{trace_id}-{PARENT}-01")
}

/// The trace as text, once its first span has ended: that is after the client has the last byte.
pub(crate) async fn text(trace_id: &str) -> String {
    let spans = once(trace_id, |it| it.parent_span_id.to_string() == PARENT).await;
    let mut text = String::new();
    write_children(&mut text, &spans, PARENT, 0);
    text
}

/// Waits until a span of this name has ended.
pub(crate) async fn ended(trace_id: &str, name: &str) {
    once(trace_id, |it| it.name == name).await;
}

/// The spans of a trace, once there is such a one.
pub(crate) async fn once(trace_id: &str, is_it: impl Fn(&SpanData) -> bool) -> Vec<SpanData> {
    let there = async {
        loop {
            recorded().telemetry.flush(PATIENCE).await.unwrap();
            let spans = finished(trace_id);
            if spans.iter().any(&is_it) {
                return spans;
            }
            tokio::task::yield_now().await;
        }
    };
    let there = tokio::time::timeout(PATIENCE, there).await;
    there.expect("the span has ended")
}

fn finished(trace_id: &str) -> Vec<SpanData> {
    let mut spans = recorded().spans.get_finished_spans().unwrap();
    spans.retain(|span| span.span_context.trace_id().to_string() == trace_id);
    spans.sort_by_key(|span| span.start_time);
    spans
}

fn write_children(text: &mut String, spans: &[SpanData], parent: &str, depth: usize) {
    for span in spans
        .iter()
        .filter(|span| span.parent_span_id.to_string() == parent)
    {
        let indent = "  ".repeat(depth);
        write!(
            text,
            "{indent}{} {:?} {:?}",
            span.name, span.span_kind, span.status
        )
        .unwrap();
        for attribute in &span.attributes {
            let key = attribute.key.as_str();
            if [
                "auth.",
                "crypto.",
                "document.passages",
                "error.type",
                "http.response.status_code",
                "search.",
                "user.email",
            ]
            .iter()
            .any(|p| key.starts_with(p))
            {
                write!(text, " {key}={}", attribute.value).unwrap();
            }
        }
        for event in span.events.iter() {
            write!(text, " [{}]", event.name).unwrap();
        }
        text.push('\n');
        write_children(
            text,
            spans,
            &span.span_context.span_id().to_string(),
            depth + 1,
        );
    }
}
