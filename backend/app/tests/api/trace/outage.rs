//! A database that is busy.

use expect_test::expect;
use reqwest::{StatusCode, header};
use sqlx::Connection;

use super::{log, sign_in, text};
use crate::support::{DATABASE, Database, EMAIL, PASSWORD, TestServer, problem};

/// Waits as long as it has to for a test.
pub(crate) const SHORT: (&str, &str) = ("DATABASE_ACQUIRE_TIMEOUT_MS", "200");

/// What a client is told, and what the trace tells.
pub(crate) async fn away(server: &TestServer, trace_id: &str) -> String {
    let response = server.browser().sign_in(EMAIL, PASSWORD).await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(response.headers()[header::RETRY_AFTER], "5");
    let detail = problem(response).await.detail;
    assert_eq!(detail, "The database does not answer. Try again.");

    let status = sign_in(server, trace_id, EMAIL, PASSWORD).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    let trace = text(trace_id).await;
    assert!(log(trace_id).contains("\"ERROR\": \"request failed\"\n"));
    trace
}

pub(crate) async fn back(server: &TestServer) {
    let response = server.browser().sign_in(EMAIL, PASSWORD).await;
    assert_eq!(response.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_database_that_is_busy_for_too_long_is_told() {
    let server = TestServer::start_with(&[SHORT]).await;
    let blocked = server.block_sessions().await;
    let code = match DATABASE {
        Database::Sqlite => "error.type=5 ",
        Database::Postgres => "error.type=55P03 ",
    };
    let trace = away(&server, "4bf92f3577b34da6a3ce929d0e0e4714").await;
    expect![[r#"
        POST /api/v1/auth/signin Server Error { description: "" } http.response.status_code=503 error.type=503
          authenticate_user Internal Error { description: "internal error" } auth.method=email_password user.email=a***@example.com auth.success=false
            SELECT users Client Unset
            verify_password Internal Unset crypto.algorithm=bcrypt auth.password_valid=true
              bcrypt.verify Internal Unset
            INSERT refresh_tokens Client Error { description: "" } (locked) [exception]
    "#]]
    .assert_eq(&trace.replace(code, "(locked) "));
    blocked.close().await.unwrap();
    back(&server).await;
}
