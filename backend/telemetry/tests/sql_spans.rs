//! The caller's spans, while SQLite works on a thread of its own.

mod support;

use expect_test::expect;
use futures_util::TryStreamExt;
use opentelemetry::{Context, trace::TraceContextExt};
use sqlx::{
    Sqlite,
    sqlite::{SqliteConnectOptions, SqlitePoolOptions},
};
use std::{
    fmt::Write as _,
    sync::{Arc, Mutex},
    time::SystemTime,
};
use support::Recorder;
use throughline_instrument::sqlx::{TracedPool, trace};
use tracing::{Instrument, Span, info_span};

/// Enough for chance: the thread would leave about one span in a hundred too late. The tests after it need no chance.
const SIGN_INS: usize = 300;

/// What SQLite's thread did, and whether it was in a span then.
#[derive(Clone, Default)]
struct Spy(Arc<Mutex<String>>);

// === impl Spy ===

impl Spy {
    fn saw(&self, what: &str) {
        let in_span = Context::current().span().span_context().is_valid();
        let place = if in_span { "in a span" } else { "alone" };
        writeln!(self.0.lock().unwrap(), "{what} {place}").unwrap();
    }

    /// What was seen since the last time.
    fn take(&self) -> String {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    /// A database that calls the spy on its thread: when `look` compares, and when a transaction ends.
    async fn database(&self, recorder: &Recorder) -> TracedPool<Sqlite> {
        let (look, ends) = (self.clone(), self.clone());
        let options = SqliteConnectOptions::new()
            .in_memory(true)
            .collation("look", move |a, b| {
                look.saw("query");
                a.cmp(b)
            });
        let pool =
            SqlitePoolOptions::new()
                .max_connections(1)
                .after_connect(move |connection, _| {
                    let (commit, rollback) = (ends.clone(), ends.clone());
                    Box::pin(async move {
                        let mut connection = connection.lock_handle().await?;
                        connection.set_commit_hook(move || {
                            commit.saw("commit");
                            true
                        });
                        connection.set_rollback_hook(move || rollback.saw("rollback"));
                        Ok(())
                    })
                });
        let pool = pool.connect_with(options).await.unwrap();
        sqlx::raw_sql("CREATE TABLE users (email TEXT)")
            .execute(&pool)
            .await
            .unwrap();
        self.take();
        trace(pool).with_tracer(recorder.telemetry.tracer("throughline.sqlx"))
    }
}

#[tokio::test]
async fn a_span_does_not_end_after_it_was_closed() {
    let recorder = Recorder::new();
    let db = Spy::default().database(&recorder).await;
    let mut closed = Vec::new();
    for _ in 0..SIGN_INS {
        let sign_in = async {
            let query = sqlx::query("SELECT email FROM users WHERE email = ?");
            let user = query.bind("a@example.com").fetch_optional(&db);
            assert!(user.await.unwrap().is_none());
        };
        sign_in.instrument(info_span!("authenticate_user")).await;
        closed.push(SystemTime::now());
    }
    db.close().await;
    let mut spans = recorder.spans().await;
    spans.retain(|span| span.name == "authenticate_user");
    assert_eq!(spans.len(), SIGN_INS);
    let late = spans
        .iter()
        .zip(closed)
        .filter(|(span, closed)| span.end_time > *closed)
        .count();
    assert_eq!(late, 0, "spans of {SIGN_INS} that ended late");
}

#[tokio::test]
async fn the_thread_of_a_connection_enters_no_span_of_a_query() {
    let recorder = Recorder::new();
    let spy = Spy::default();
    let db = spy.database(&recorder).await;
    async {
        let query = || sqlx::query("SELECT 'a' < 'b' COLLATE look");
        query().fetch_optional(&db).await.unwrap();
        let mut rows = query().fetch(&db);
        while rows.try_next().await.unwrap().is_some() {}
        drop(rows);
        let mut connection = db.acquire().await.unwrap();
        query().execute(&mut *connection).await.unwrap();
        query().fetch_one(&mut *connection).await.unwrap();
    }
    .instrument(info_span!("work"))
    .await;
    expect![[r#"
        query alone
        query alone
        query alone
        query alone
    "#]]
    .assert_eq(&spy.take());
}

#[tokio::test]
async fn the_thread_of_a_connection_enters_no_span_of_a_transaction() {
    let recorder = Recorder::new();
    let spy = Spy::default();
    let db = spy.database(&recorder).await;
    async {
        for end in ["commit", "rollback", "drop"] {
            let mut transaction = db.begin().await.unwrap();
            let insert = sqlx::query("INSERT INTO users VALUES ('a' < 'b' COLLATE look)");
            insert.execute(&mut *transaction).await.unwrap();
            match end {
                "commit" => transaction.commit().await.unwrap(),
                "rollback" => transaction.rollback().await.unwrap(),
                _ => drop(transaction),
            }
        }
        // There is one connection: it is back when the last transaction is over.
        db.acquire().await.unwrap();
    }
    .instrument(info_span!("work"))
    .await;
    expect![[r#"
        query alone
        commit alone
        query alone
        rollback alone
        query alone
        rollback alone
    "#]]
    .assert_eq(&spy.take());
}

#[tokio::test]
async fn what_is_logged_and_traced_within_sqlx_keeps_its_place_in_the_trace() {
    let recorder = Recorder::new();
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .before_acquire(|_, _| {
            Box::pin(async {
                assert!(Span::current().is_none());
                tracing::warn!("an idle connection");
                info_span!("check").in_scope(|| tracing::warn!("is checked"));
                Ok(true)
            })
        });
    let pool = pool.connect("sqlite::memory:").await.unwrap();
    let db = trace(pool).with_tracer(recorder.telemetry.tracer("throughline.sqlx"));
    async {
        let current = Span::current();
        sqlx::query("SELECT 1").execute(&db).await.unwrap();
        assert_eq!(Span::current(), current);
    }
    .instrument(info_span!("work"))
    .await;
    expect![[r#"
        work
          SELECT CLIENT
            check
    "#]]
    .assert_eq(&recorder.tree(&[]).await);
    let spans = recorder.spans().await;
    let log = recorder.log();
    for (line, (message, span)) in log
        .iter()
        .zip([("an idle connection", "SELECT"), ("is checked", "check")])
    {
        let span = spans.iter().find(|it| it.name == span).unwrap();
        assert!(line.contains(message), "{line}");
        assert!(
            line.contains(&span.span_context.span_id().to_string()),
            "{line}"
        );
    }
    assert_eq!(log.len(), 2);
}
