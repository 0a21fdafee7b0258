//! CLIENT spans of queries against a real SQLite.

mod support;

use expect_test::expect;
use futures_util::TryStreamExt;
use sqlx::{Row, Sqlite, SqlitePool, sqlite::SqlitePoolOptions};
use support::{Recorder, tree};
use throughline_instrument::sqlx::{TracedPool, trace};

const SHOWN: [&str; 3] = [
    "db.collection.name",
    "db.response.returned_rows",
    "error.type",
];

async fn database(recorder: &Recorder) -> TracedPool<Sqlite> {
    let options = SqlitePoolOptions::new().max_connections(1);
    let pool: SqlitePool = options.connect("sqlite::memory:").await.unwrap();
    sqlx::raw_sql("CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT UNIQUE)")
        .execute(&pool)
        .await
        .unwrap();
    trace(pool).with_tracer(recorder.telemetry.tracer("throughline.sqlx"))
}

async fn insert(db: &TracedPool<Sqlite>, email: &str) -> Result<u64, sqlx::Error> {
    let query = sqlx::query("INSERT INTO users (email) VALUES (?)").bind(email);
    Ok(query.execute(db).await?.rows_affected())
}

#[tokio::test]
async fn each_query_is_a_span_named_by_its_summary() {
    let recorder = Recorder::new();
    let db = database(&recorder).await;
    assert_eq!(insert(&db, "a@example.com").await.unwrap(), 1);
    assert_eq!(insert(&db, "b@example.com").await.unwrap(), 1);
    let select = "SELECT id, email FROM users WHERE email = ?";
    let one = sqlx::query(select).bind("a@example.com");
    assert_eq!(one.fetch_one(&db).await.unwrap().get::<i64, _>("id"), 1);
    let nobody = sqlx::query(select).bind("nobody@example.com");
    assert!(nobody.fetch_optional(&db).await.unwrap().is_none());
    let all: Vec<(i64,)> = sqlx::query_as("SELECT id FROM users")
        .fetch_all(&db)
        .await
        .unwrap();
    assert_eq!(all.len(), 2);
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM users")
        .fetch_one(&db)
        .await
        .unwrap();
    assert_eq!(count, 2);
    expect![[r#"
        INSERT users CLIENT db.collection.name=users
        INSERT users CLIENT db.collection.name=users
        SELECT users CLIENT db.collection.name=users db.response.returned_rows=1
        SELECT users CLIENT db.collection.name=users db.response.returned_rows=0
        SELECT users CLIENT db.collection.name=users db.response.returned_rows=2
        SELECT users CLIENT db.collection.name=users db.response.returned_rows=1
    "#]]
    .assert_eq(&recorder.tree(&SHOWN).await);
}

#[tokio::test]
async fn a_span_tells_the_query_and_none_of_its_values() {
    let recorder = Recorder::new();
    let db = database(&recorder).await;
    let query =
        "SELECT id FROM users -- all of them\n WHERE email = 'secret@example.com' AND id > 17";
    sqlx::query(query).fetch_optional(&db).await.unwrap();
    let spans = recorder.spans().await;
    let lines = spans[0]
        .attributes
        .iter()
        .map(|it| format!("{}={}\n", it.key, it.value));
    expect![[r#"
        db.system.name=sqlite
        db.namespace=:memory:
        db.query.text=SELECT id FROM users WHERE email = ? AND id > ?
        db.query.summary=SELECT users
        db.operation.name=SELECT
        db.collection.name=users
        db.response.returned_rows=0
    "#]]
    .assert_eq(&lines.collect::<String>());
}

#[tokio::test]
async fn a_row_that_is_not_there_is_no_error_and_a_broken_rule_is_one() {
    let recorder = Recorder::new();
    let db = database(&recorder).await;
    let missing = sqlx::query("SELECT id FROM users").fetch_one(&db).await;
    assert!(matches!(missing, Err(sqlx::Error::RowNotFound)));
    insert(&db, "a@example.com").await.unwrap();
    insert(&db, "a@example.com").await.unwrap_err();
    sqlx::query("SELECT nothing FROM nowhere")
        .fetch_all(&db)
        .await
        .unwrap_err();
    let shown = ["error.type", "db.response.status_code"];
    expect![[r#"
        SELECT users CLIENT
        INSERT users CLIENT
        INSERT users CLIENT error error.type=unique_violation db.response.status_code=2067
        SELECT nowhere CLIENT error error.type=database db.response.status_code=1
    "#]]
    .assert_eq(&recorder.tree(&shown).await);
}

#[tokio::test]
async fn a_stream_that_is_dropped_ends_its_span_with_the_rows_so_far() {
    let recorder = Recorder::new();
    let db = database(&recorder).await;
    for email in ["a@example.com", "b@example.com", "c@example.com"] {
        insert(&db, email).await.unwrap();
    }
    let mut rows = sqlx::query("SELECT id FROM users").fetch(&db);
    rows.try_next().await.unwrap();
    rows.try_next().await.unwrap();
    assert_eq!(recorder.spans().await.len(), 3);
    drop(rows);
    let spans = recorder.spans().await;
    expect![[r#"
        SELECT users CLIENT db.response.returned_rows=2
    "#]]
    .assert_eq(&tree(&spans[3..], &["db.response.returned_rows"]));
}

#[tokio::test]
async fn queries_in_a_transaction_are_children_of_the_work_that_makes_them() {
    use tracing::Instrument;

    let recorder = Recorder::new();
    let db = database(&recorder).await;
    async {
        let mut transaction = db.begin().await.unwrap();
        let query = sqlx::query("INSERT INTO users (email) VALUES (?)").bind("a@example.com");
        query.execute(db.on(&mut transaction)).await.unwrap();
        sqlx::query("DELETE FROM users")
            .execute(db.on(&mut transaction))
            .await
            .unwrap();
        transaction.commit().await.unwrap();
    }
    .instrument(tracing::info_span!("replace_user"))
    .await;
    expect![[r#"
        replace_user
          INSERT users CLIENT
          DELETE users CLIENT
    "#]]
    .assert_eq(&recorder.tree(&[]).await);
}
