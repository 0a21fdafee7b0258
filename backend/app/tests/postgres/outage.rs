//! A database server that stops, or that ends a connection, and comes back.

use expect_test::expect;
use sqlx::Connection;
use throughline_test_postgres::Server as Postgres;

use crate::{
    support::TestServer,
    trace::{
        ended,
        outage::{SHORT, away, back},
        text, upload,
    },
};

#[tokio::test]
async fn a_document_is_indexed_once_the_database_is_back() {
    let server = TestServer::start().await;
    let (mut blocked, mut database) = (server.database().await, server.database().await);
    sqlx::raw_sql("BEGIN; LOCK TABLE passages")
        .execute(&mut blocked)
        .await
        .unwrap();
    let trace_id = "4bf92f3577b34da6a3ce929d0e0e4716";
    upload(&server, trace_id, "bees.txt", "Bees dance.").await;

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
