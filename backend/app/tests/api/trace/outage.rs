//! A database that is busy, or goes away and comes back.

use expect_test::expect;
use rag_admin_api::paths;
use reqwest::{
    Method, StatusCode, header,
    multipart::{Form, Part},
};
use sqlx::Connection;
use throughline_test_postgres::Server as Postgres;

use super::{ended, log, sign_in, text, traceparent};
use crate::support::{DATABASE, Database, EMAIL, PASSWORD, TestServer, problem};

/// Waits as long as it has to for a test.
const SHORT: (&str, &str) = ("DATABASE_ACQUIRE_TIMEOUT_MS", "200");

/// What a client is told, and what the trace tells.
async fn away(server: &TestServer, trace_id: &str) -> String {
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

async fn back(server: &TestServer) {
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

#[tokio::test]
async fn a_document_is_indexed_once_the_database_is_back() {
    if DATABASE != Database::Postgres {
        return;
    }
    let server = TestServer::start().await;
    let mut browser = server.browser();
    browser.sign_in(EMAIL, PASSWORD).await;
    let (mut blocked, mut database) = (server.database().await, server.database().await);
    sqlx::raw_sql("BEGIN; LOCK TABLE passages")
        .execute(&mut blocked)
        .await
        .unwrap();
    let trace_id = "4bf92f3577b34da6a3ce929d0e0e4716";
    let form = Form::new().part("file", Part::text("Bees dance.").file_name("bees.txt"));
    let request = browser
        .request(Method::POST, paths::DOCUMENTS)
        .header("traceparent", traceparent(trace_id))
        .multipart(form);
    assert_eq!(browser.send(request).await.status(), StatusCode::ACCEPTED);

    // As a server does that stops: once the job waits for the table, its connection is ended.
    let end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
               WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while sqlx::query_scalar::<_, i64>(end)
        .fetch_one(&mut database)
        .await
        .unwrap()
        == 0
    {}
    blocked.close().await.unwrap();
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
            DELETE passages Client Error { description: "" } error.type=57P01 [exception]
            ROLLBACK Client Unset
            SELECT documents Client Unset
            BEGIN Client Unset
            DELETE passages Client Unset
            INSERT passages SELECT Client Unset
            UPDATE documents Client Unset
            COMMIT Client Unset
    "#]]
    .assert_eq(&text(trace_id).await);
}

#[tokio::test]
async fn a_database_that_is_away_is_told_and_found_again() {
    if DATABASE != Database::Postgres {
        return;
    }
    let mut postgres = Postgres::start();
    let url = postgres.url(&postgres.create_database().await);
    let server = TestServer::start_with(&[SHORT, ("DATABASE_URL", &url)]).await;
    back(&server).await;
    postgres.stop();
    expect![[r#"
        POST /api/v1/auth/signin Server Error { description: "" } http.response.status_code=503 error.type=503
          authenticate_user Internal Error { description: "internal error" } auth.method=email_password user.email=a***@example.com auth.success=false
            SELECT users Client Error { description: "" } error.type=pool_timed_out [exception]
    "#]]
    .assert_eq(&away(&server, "4bf92f3577b34da6a3ce929d0e0e4715").await);
    assert!(postgres.run());
    back(&server).await;
}
