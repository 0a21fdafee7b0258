//! What holds for every database.

use super::{
    super::support::{Recorder, tree},
    Database, ID, System, TracedPool, UNIQUE_VIOLATION, UNKNOWN,
};
use expect_test::expect;
use futures_util::{TryStreamExt, poll};
use sqlx::{AssertSqlSafe, Executor, Row, SqlSafeStr, Statement};
use std::pin::pin;
use throughline_instrument::sqlx::TracedConnection;
use tracing::Instrument;

const SHOWN: [&str; 3] = [
    "db.collection.name",
    "db.response.returned_rows",
    "error.type",
];

const CANCELLED: [&str; 2] = ["db.response.returned_rows", "throughline.db.cancelled"];

/// A pool on a table `users`, and what has to be kept for it.
async fn database(recorder: &Recorder) -> (TracedPool, Database) {
    let database = Database::new().await;
    let db = database.pool(recorder).await;
    let sql = format!("CREATE TABLE users (id {ID}, email TEXT UNIQUE)");
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(db.untraced())
        .await
        .unwrap();
    (db, database)
}

async fn insert(db: impl Executor<'_, Database = System>, email: &str) -> Result<u64, sqlx::Error> {
    let query = sqlx::query("INSERT INTO users (email) VALUES ($1)").bind(email);
    Ok(query.execute(db).await?.rows_affected())
}

async fn insert_two(db: &mut TracedConnection<'_, System>) {
    insert(&mut *db, "a@example.com").await.unwrap();
    insert(&mut *db, "b@example.com").await.unwrap();
}

async fn count(db: &TracedPool) -> i64 {
    let count = sqlx::query_scalar("SELECT count(*) FROM users");
    count.fetch_one(db.untraced()).await.unwrap()
}

#[tokio::test]
async fn each_query_is_a_span_named_by_its_summary() {
    let recorder = Recorder::new();
    let (db, _database) = database(&recorder).await;
    assert_eq!(insert(&db, "a@example.com").await.unwrap(), 1);
    assert_eq!(insert(&db, "b@example.com").await.unwrap(), 1);
    let select = "SELECT id, email FROM users WHERE email = $1";
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
    let (db, database) = database(&recorder).await;
    let query =
        "SELECT id FROM users -- all of them\n WHERE email = 'secret@example.com' AND id > 17";
    sqlx::query(query).fetch_optional(&db).await.unwrap();
    let spans = recorder.spans().await;
    let lines = spans[0]
        .attributes
        .iter()
        .filter(|it| it.key.as_str() != "throughline.db.connection.wait_ms")
        .map(|it| format!("{}={}\n", it.key, it.value));
    let told = lines.collect::<String>();
    let rest = told.strip_prefix(database.place().as_str());
    expect![[r#"
        db.query.text=SELECT id FROM users WHERE email = ? AND id > ?
        db.operation.name=SELECT
        db.query.summary=SELECT users
        db.collection.name=users
        db.response.returned_rows=0
    "#]]
    .assert_eq(rest.unwrap_or(&told));
    assert!(!format!("{spans:?}").contains("secret"));
}

#[tokio::test]
async fn a_row_that_is_not_there_is_no_error_and_a_broken_rule_is_one() {
    let recorder = Recorder::new();
    let (db, _database) = database(&recorder).await;
    let missing = sqlx::query("SELECT id FROM users").fetch_one(&db).await;
    assert!(matches!(missing, Err(sqlx::Error::RowNotFound)));
    insert(&db, "a@example.com").await.unwrap();
    insert(&db, "a@example.com").await.unwrap_err();
    sqlx::query("SELECT nothing FROM nowhere")
        .fetch_all(&db)
        .await
        .unwrap_err();
    let shown = ["error.type", "db.response.status_code"];
    let tree = recorder.tree(&shown).await;
    let told = |code: &str| format!("error.type={code} db.response.status_code={code}");
    let tree = tree.replace(&told(UNIQUE_VIOLATION), "(unique violation)");
    expect![[r#"
        SELECT users CLIENT
        INSERT users CLIENT
        INSERT users CLIENT error (unique violation)
        SELECT nowhere CLIENT error (unknown)
    "#]]
    .assert_eq(&tree.replace(&told(UNKNOWN), "(unknown)"));
}

#[tokio::test]
async fn a_stream_that_is_given_up_ends_its_span_with_the_rows_so_far() {
    let recorder = Recorder::new();
    let (db, _database) = database(&recorder).await;
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
        SELECT users CLIENT db.response.returned_rows=2 throughline.db.cancelled=true
    "#]]
    .assert_eq(&tree(&spans[3..], &CANCELLED));
}

#[tokio::test]
async fn a_query_that_is_given_up_is_told_as_that_and_one_that_was_never_begun_not_at_all() {
    let recorder = Recorder::new();
    let (db, _database) = database(&recorder).await;
    let connection = db.acquire().await.unwrap();
    let select = || sqlx::query("SELECT id FROM users");
    drop(select().fetch(&db));
    drop(select().fetch_optional(&db));
    {
        let mut stream = select().fetch(&db);
        assert!(poll!(stream.try_next()).is_pending());
        let mut row = pin!(select().fetch_optional(&db));
        assert!(poll!(&mut row).is_pending());
        let mut begin = pin!(db.begin());
        assert!(poll!(&mut begin).is_pending());
    }
    drop(connection);
    expect![[r#"
        SELECT users CLIENT throughline.db.cancelled=true
        SELECT users CLIENT throughline.db.cancelled=true
        BEGIN CLIENT throughline.db.cancelled=true
    "#]]
    .assert_eq(&recorder.tree(&CANCELLED).await);
}

#[tokio::test]
async fn a_transaction_is_told_from_its_beginning_to_its_end() {
    let recorder = Recorder::new();
    let (db, _database) = database(&recorder).await;
    async {
        let mut transaction = db.begin().await.unwrap();
        insert_two(&mut transaction).await;
        transaction.commit().await.unwrap();
    }
    .instrument(tracing::info_span!("commit"))
    .await;
    async {
        let mut transaction = db.begin().await.unwrap();
        sqlx::query("DELETE FROM users")
            .execute(&mut *transaction)
            .await
            .unwrap();
        transaction.rollback().await.unwrap();
    }
    .instrument(tracing::info_span!("roll_back"))
    .await;
    assert_eq!(count(&db).await, 2);
    expect![[r#"
        commit
          BEGIN CLIENT
          INSERT users CLIENT
          INSERT users CLIENT
          COMMIT CLIENT
        roll_back
          BEGIN CLIENT
          DELETE users CLIENT
          ROLLBACK CLIENT
    "#]]
    .assert_eq(&recorder.tree(&[]).await);
}

#[tokio::test]
async fn a_transaction_that_is_dropped_is_seen_to_be_rolled_back() {
    let recorder = Recorder::new();
    let (db, _database) = database(&recorder).await;
    let mut transaction = async {
        let mut transaction = db.begin().await.unwrap();
        insert_two(&mut transaction).await;
        transaction
    }
    .instrument(tracing::info_span!("work"))
    .await;
    insert(&mut *transaction, "a@example.com")
        .await
        .unwrap_err();
    drop(transaction);
    assert_eq!(count(&db).await, 0);
    expect![[r#"
        work
          BEGIN CLIENT
          INSERT users CLIENT
          INSERT users CLIENT
          ROLLBACK CLIENT throughline.db.transaction.dropped=true
        INSERT users CLIENT error
    "#]]
    .assert_eq(&recorder.tree(&["throughline.db.transaction.dropped"]).await);
}

#[tokio::test]
async fn a_transaction_in_a_transaction_is_a_savepoint() {
    let recorder = Recorder::new();
    let (db, _database) = database(&recorder).await;
    let mut transaction = db.begin().await.unwrap();
    insert(&mut *transaction, "a@example.com").await.unwrap();
    let mut inner = transaction.begin().await.unwrap();
    insert(&mut *inner, "b@example.com").await.unwrap();
    inner.rollback().await.unwrap();
    let mut inner = transaction.begin().await.unwrap();
    insert(&mut *inner, "c@example.com").await.unwrap();
    inner.commit().await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(count(&db).await, 2);
    expect![[r#"
        BEGIN CLIENT db.query.text=BEGIN
        INSERT users CLIENT db.query.text=INSERT INTO users (email) VALUES ($1)
        SAVEPOINT CLIENT db.query.text=SAVEPOINT
        INSERT users CLIENT db.query.text=INSERT INTO users (email) VALUES ($1)
        ROLLBACK CLIENT db.query.text=ROLLBACK TO SAVEPOINT
        SAVEPOINT CLIENT db.query.text=SAVEPOINT
        INSERT users CLIENT db.query.text=INSERT INTO users (email) VALUES ($1)
        RELEASE CLIENT db.query.text=RELEASE SAVEPOINT
        COMMIT CLIENT db.query.text=COMMIT
    "#]]
    .assert_eq(&recorder.tree(&["db.query.text"]).await);
}

#[tokio::test]
async fn a_connection_of_the_pool_and_one_from_elsewhere_are_traced() {
    let recorder = Recorder::new();
    let (db, _database) = database(&recorder).await;
    let mut connection = db.acquire().await.unwrap();
    insert_two(&mut connection).await;
    let bare = connection.untraced();
    insert(&mut db.on(bare), "c@example.com").await.unwrap();
    insert(connection.untraced(), "d@example.com")
        .await
        .unwrap();
    let mut transaction = connection.begin().await.unwrap();
    insert(&mut *transaction, "e@example.com").await.unwrap();
    transaction.commit().await.unwrap();
    assert!(db.try_acquire().is_none());
    drop(connection);
    assert_eq!(count(&db).await, 5);
    expect![[r#"
        INSERT users CLIENT
        INSERT users CLIENT
        INSERT users CLIENT
        BEGIN CLIENT
        INSERT users CLIENT
        COMMIT CLIENT
    "#]]
    .assert_eq(&recorder.tree(&[]).await);
}

#[tokio::test]
async fn statements_can_be_prepared_and_described() {
    let recorder = Recorder::new();
    let (db, _database) = database(&recorder).await;
    insert(&db, "a@example.com").await.unwrap();
    let sql = "SELECT id FROM users WHERE email = $1".into_sql_str();
    let described = (&db).describe(sql.clone()).await.unwrap();
    assert_eq!(described.columns().len(), 1);
    let statement = (&db).prepare(sql).await.unwrap();
    let query = statement.query().bind("a@example.com");
    assert!(query.fetch_optional(&db).await.unwrap().is_some());
    expect![[r#"
        INSERT users CLIENT
        SELECT users CLIENT
    "#]]
    .assert_eq(&recorder.tree(&[]).await);
}

#[tokio::test]
async fn a_query_tells_how_long_it_waited_for_a_connection() {
    let recorder = Recorder::new();
    let (db, _database) = database(&recorder).await;
    let connection = db.acquire().await.unwrap();
    let mut query = pin!(insert(&db, "c@example.com"));
    assert!(poll!(&mut query).is_pending());
    drop(connection);
    query.await.unwrap();
    let mut transaction = db.begin().await.unwrap();
    insert(&mut *transaction, "d@example.com").await.unwrap();
    drop(transaction);
    let mut connection = db.acquire().await.unwrap();
    insert_two(&mut connection).await;
    drop(connection);
    let mut connection = db.acquire().await.unwrap();
    connection.begin().await.unwrap().commit().await.unwrap();
    insert(&mut *connection, "e@example.com").await.unwrap();
    let spans = recorder.spans().await;
    let lines = spans.iter().map(|span| {
        let waited = "throughline.db.connection.wait_ms";
        let waited = span.attributes.iter().any(|it| it.key.as_str() == waited);
        format!("{} {}\n", span.name, if waited { "waited" } else { "" })
    });
    expect![[r#"
        INSERT users waited
        BEGIN waited
        INSERT users 
        ROLLBACK 
        INSERT users waited
        INSERT users 
        BEGIN waited
        COMMIT 
        INSERT users 
    "#]]
    .assert_eq(&lines.collect::<String>());
}

#[tokio::test]
async fn what_sqlx_logs_of_statements_is_not_logged() {
    let recorder = Recorder::with(|builder| {
        builder.from_vars(|name| (name == "RUST_LOG").then(|| "trace".to_owned()))
    });
    let (db, _database) = database(&recorder).await;
    sqlx::query("SELECT 'secret'").execute(&db).await.unwrap();
    // SQLite's thread logs where no pool can see it.
    tracing::warn!(target: "sqlx::query", "slow statement: SELECT 'secret'");
    let log = recorder.log().concat();
    assert!(!log.contains("secret"), "{log}");
}
