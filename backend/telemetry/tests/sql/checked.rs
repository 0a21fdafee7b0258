//! sqlx's macros, which check a query while it is compiled: they take a traced pool, connection and transaction.
//!
//! What they know of the database is in `.sqlx`. After a change here, on a database with the table of these tests:
//! `SQLX_OFFLINE=false SQLX_OFFLINE_DIR=$PWD/backend/telemetry/.sqlx DATABASE_URL=… cargo check --tests`, once for each.

use super::{postgres, sqlite, support::Recorder};
use expect_test::expect;
use sqlx::AssertSqlSafe;

struct User {
    id: i64,
    email: String,
}

const SHOWN: [&str; 2] = ["db.collection.name", "db.response.returned_rows"];

#[tokio::test]
async fn queries_that_are_checked_for_sqlite_are_traced() {
    let recorder = Recorder::new();
    let database = sqlite::Database::new().await;
    let db = database.pool(&recorder).await;
    let table = format!(
        "CREATE TABLE users (id {}, email TEXT NOT NULL)",
        sqlite::ID
    );
    sqlx::raw_sql(AssertSqlSafe(table))
        .execute(db.untraced())
        .await
        .unwrap();
    let email = "a@example.com";
    let mut transaction = db.begin().await.unwrap();
    sqlx::query!("INSERT INTO users (email) VALUES ($1)", email)
        .execute(&mut *transaction)
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    let user = sqlx::query_as!(User, "SELECT id, email FROM users WHERE email = $1", email)
        .fetch_one(&db)
        .await
        .unwrap();
    assert_eq!((user.id, user.email.as_str()), (1, email));
    let mut connection = db.acquire().await.unwrap();
    let count = sqlx::query_scalar!("SELECT count(*) FROM users")
        .fetch_one(&mut *connection)
        .await
        .unwrap();
    assert_eq!(count, 1);
    expect![[r#"
        BEGIN CLIENT
        INSERT users CLIENT db.collection.name=users
        COMMIT CLIENT
        SELECT users CLIENT db.collection.name=users db.response.returned_rows=1
        SELECT users CLIENT db.collection.name=users db.response.returned_rows=1
    "#]]
    .assert_eq(&recorder.tree(&SHOWN).await);
}

#[tokio::test]
async fn queries_that_are_checked_for_postgresql_are_traced() {
    let recorder = Recorder::new();
    let database = postgres::Database::new().await;
    let db = database.pool(&recorder).await;
    let table = format!(
        "CREATE TABLE users (id {}, email TEXT NOT NULL)",
        postgres::ID
    );
    sqlx::raw_sql(AssertSqlSafe(table))
        .execute(db.untraced())
        .await
        .unwrap();
    let email = "a@example.com";
    let mut transaction = db.begin().await.unwrap();
    let id = sqlx::query_scalar!("INSERT INTO users (email) VALUES ($1) RETURNING id", email)
        .fetch_one(&mut *transaction)
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    let user = sqlx::query_as!(User, "SELECT id, email FROM users WHERE id = $1", id)
        .fetch_one(&db)
        .await
        .unwrap();
    assert_eq!((user.id, user.email.as_str()), (id, email));
    expect![[r#"
        BEGIN CLIENT
        INSERT users CLIENT db.collection.name=users db.response.returned_rows=1
        COMMIT CLIENT
        SELECT users CLIENT db.collection.name=users db.response.returned_rows=1
    "#]]
    .assert_eq(&recorder.tree(&SHOWN).await);
}
