//! A database that goes away and comes back.

use super::support::Recorder;
use expect_test::expect;
use sqlx::{Postgres, postgres::PgPoolOptions};
use std::time::Duration;
use throughline_instrument::sqlx::{TracedPool, trace};
use throughline_test_postgres::Server;

async fn ask(db: &TracedPool<Postgres>) -> Result<i32, sqlx::Error> {
    sqlx::query_scalar("SELECT 1").fetch_one(db).await
}

#[tokio::test]
async fn an_outage_is_told_as_it_was_and_is_over_when_the_database_is_back() {
    let recorder = Recorder::new();
    let mut server = Server::start();
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .acquire_timeout(Duration::from_millis(200))
        .connect_with(server.options("postgres"))
        .await
        .unwrap();
    let db = trace(pool).with_tracer(recorder.telemetry.tracer("throughline.sqlx"));
    assert_eq!(ask(&db).await.unwrap(), 1);

    let mut connection = db.acquire().await.unwrap();
    server.stop();
    // The server says why it ends the connection, if it still can.
    sqlx::query("SELECT 2")
        .execute(&mut *connection)
        .await
        .unwrap_err();
    drop(connection);
    ask(&db).await.unwrap_err();
    db.begin().await.unwrap_err();

    assert!(server.run());
    assert_eq!(ask(&db).await.unwrap(), 1);
    let tree = recorder.tree(&["db.response.returned_rows"]).await;
    expect![[r#"
        SELECT CLIENT db.response.returned_rows=1
        SELECT CLIENT error db.response.returned_rows=0
        SELECT CLIENT error db.response.returned_rows=0
        BEGIN CLIENT error
        SELECT CLIENT db.response.returned_rows=1
    "#]]
    .assert_eq(&tree);
}
