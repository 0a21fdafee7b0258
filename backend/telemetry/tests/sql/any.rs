//! Pools of `sqlx::Any`: the database is the one that the URL names.

use super::support::{Recorder, attribute};
use expect_test::{Expect, expect};
use sqlx::any::{AnyPoolOptions, install_default_drivers};
use throughline_instrument::sqlx::trace;
use throughline_test_postgres::Server;

const SHOWN: [&str; 4] = [
    "db.system.name",
    "db.collection.name",
    "db.response.returned_rows",
    "error.type",
];

/// What a pool's spans tell, without the password of its URL.
async fn check(url: &str, system_name: &str, expected: &Expect) {
    install_default_drivers();
    let recorder = Recorder::new();
    let pool = AnyPoolOptions::new().max_connections(1).connect(url);
    let db = trace(pool.await.unwrap()).with_tracer(recorder.telemetry.tracer("throughline.sqlx"));
    assert_eq!(db.system_name(), system_name);

    let mut transaction = db.begin().await.unwrap();
    sqlx::query("CREATE TABLE users (email TEXT UNIQUE)")
        .execute(&mut *transaction)
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    for _ in 0..2 {
        let insert = sqlx::query("INSERT INTO users (email) VALUES ($1)").bind("a@example.com");
        let _ = insert.execute(&db).await;
    }
    let email: String = sqlx::query_scalar("SELECT email FROM users WHERE email <> 'secret'")
        .fetch_one(&db)
        .await
        .unwrap();
    assert_eq!(email, "a@example.com");

    expected.assert_eq(&recorder.tree(&SHOWN).await);
    let spans = recorder.spans().await;
    let text = attribute(spans.last().unwrap(), "db.query.text");
    assert_eq!(
        text.as_deref(),
        Some("SELECT email FROM users WHERE email <> ?")
    );
    assert!(!format!("{spans:?} {db:?}").contains("secret"));
}

#[tokio::test]
async fn a_pool_of_any_database_on_sqlite_tells_of_sqlite() {
    let expected = expect![[r#"
        BEGIN CLIENT db.system.name=sqlite
        CREATE users CLIENT db.system.name=sqlite db.collection.name=users
        COMMIT CLIENT db.system.name=sqlite
        INSERT users CLIENT db.system.name=sqlite db.collection.name=users
        INSERT users CLIENT error db.system.name=sqlite db.collection.name=users error.type=2067
        SELECT users CLIENT db.system.name=sqlite db.collection.name=users db.response.returned_rows=1
    "#]];
    check("sqlite::memory:", "sqlite", &expected).await;
}

#[tokio::test]
async fn a_pool_of_any_database_on_postgresql_tells_of_postgresql() {
    let server = Server::shared();
    let url = server.url(&server.create_database().await);
    let expected = expect![[r#"
        BEGIN CLIENT db.system.name=postgresql
        CREATE users CLIENT db.system.name=postgresql db.collection.name=users
        COMMIT CLIENT db.system.name=postgresql
        INSERT users CLIENT db.system.name=postgresql db.collection.name=users
        INSERT users CLIENT error db.system.name=postgresql db.collection.name=users error.type=23505
        SELECT users CLIENT db.system.name=postgresql db.collection.name=users db.response.returned_rows=1
    "#]];
    check(&url, "postgresql", &expected).await;
}
