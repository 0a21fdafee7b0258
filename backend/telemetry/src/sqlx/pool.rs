//! The traced pool.

use super::{
    connection::{Held, TracedConnection, TracedPoolConnection},
    queries::Queries,
    query::waited,
    run::{self, Prepared, Row, Steps, Through},
    system::System,
    transaction::TracedTransaction,
    untraced::Untraced,
};
use futures_core::future::BoxFuture;
use opentelemetry::{Context, global::BoxedTracer, metrics::Meter};
use sqlx::{
    ConnectOptions, Database, Describe, Error, Execute, Executor, Pool, SqlSafeStr, SqlStr,
    Transaction, pool::PoolConnection,
};
use std::{fmt, sync::Arc, time::Duration};

/// A pool whose queries are traced and measured. A reference to it is what `sqlx::query(…)` runs on. Clones share the
/// pool.
pub struct TracedPool<DB: Database> {
    pool: Arc<Pool<DB>>,
    queries: Arc<Queries>,
}

/// Traces the queries of a pool, of SQLite or PostgreSQL.
///
/// A pool of [`sqlx::Any`] is traced as the database that it is connected to. Where that is none of the two, spans tell that
/// there was a query, and nothing of its text.
///
/// ```
/// # async fn example() -> Result<(), sqlx::Error> {
/// let pool = sqlx::SqlitePool::connect("sqlite::memory:").await?;
/// let db = throughline_instrument::sqlx::trace(pool);
/// let row = sqlx::query("SELECT id FROM users WHERE email = $1")
///     .bind("demo@example.com")
///     .fetch_optional(&db)
///     .await?;
/// # drop(row);
/// # Ok(())
/// # }
/// ```
///
/// sqlx's own logs of statements, which hold the values that are written in them, are switched off for connections that
/// are opened from now on.
pub fn trace<DB: System>(pool: Pool<DB>) -> TracedPool<DB> {
    let options = (*pool.connect_options()).clone();
    pool.set_connect_options(options.disable_statement_logging());
    let pool = Arc::new(pool);
    let queries = Arc::new(Queries::new(&pool));
    TracedPool { pool, queries }
}

// === impl TracedPool ===

impl<DB: Database> TracedPool<DB> {
    /// Makes spans with this tracer, in place of the global provider's. Call it before the pool is cloned or used.
    #[must_use]
    pub fn with_tracer(self, tracer: BoxedTracer) -> Self {
        self.with_queries(|queries| queries.with_tracer(tracer))
    }

    /// Measures with this meter, in place of the global provider's. Call it before the pool is cloned or used. One that is
    /// not the SDK's has to implement [`SyncInstrument::bind`](opentelemetry::metrics::SyncInstrument::bind).
    #[must_use]
    pub fn with_meter(self, meter: &Meter) -> Self {
        self.with_queries(|queries| queries.with_meter(meter))
    }

    /// Measures under this name, in place of the database's own: `db.client.connection.pool.name`. If another pool has it,
    /// a number is added. Call it before the pool is cloned or used.
    #[must_use]
    pub fn with_name(self, name: &str) -> Self {
        self.with_queries(|queries| queries.with_name(name))
    }

    fn with_queries(self, change: impl FnOnce(Queries) -> Queries) -> Self {
        let queries = Arc::try_unwrap(self.queries).unwrap_or_else(|shared| shared.afresh());
        Self {
            queries: Arc::new(change(queries)),
            pool: self.pool,
        }
    }

    /// Starts a transaction. Run its queries on `&mut *transaction`.
    ///
    /// ```
    /// # async fn example(db: throughline_instrument::sqlx::TracedPool<sqlx::Sqlite>) -> Result<(), sqlx::Error> {
    /// let mut transaction = db.begin().await?;
    /// sqlx::query("DELETE FROM sessions").execute(&mut *transaction).await?;
    /// transaction.commit().await
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`Pool::begin`].
    pub async fn begin(&self) -> Result<TracedTransaction<'static, DB>, Error> {
        self.begin_by(None).await
    }

    /// Starts a transaction by a statement of its own, such as `BEGIN IMMEDIATE`.
    ///
    /// # Errors
    ///
    /// Those of [`Pool::begin_with`].
    pub async fn begin_with(
        &self,
        statement: impl SqlSafeStr,
    ) -> Result<TracedTransaction<'static, DB>, Error> {
        self.begin_by(Some(statement.into_sql_str())).await
    }

    async fn begin_by(
        &self,
        statement: Option<SqlStr>,
    ) -> Result<TracedTransaction<'static, DB>, Error> {
        let queries = &self.queries;
        let span = queries.query(statement.as_ref().map_or("BEGIN", SqlStr::as_str));
        let context = span.context();
        let begin = async move {
            let waiting = queries.wait();
            let connection = queries.detach(|| self.pool.acquire()).await?;
            waited(&context, waiting.over());
            queries
                .detach(|| Transaction::begin(connection, statement))
                .await
        };
        let transaction = span.command(begin).await?;
        let transaction = queries.detach(|| transaction);
        Ok(TracedTransaction::new(transaction, queries))
    }

    /// Takes a connection out of the pool, until it is dropped. Run queries on `&mut *connection`. The first one's span tells
    /// how long the connection had to be waited for.
    ///
    /// # Errors
    ///
    /// Those of [`Pool::acquire`].
    pub async fn acquire(&self) -> Result<TracedPoolConnection<DB>, Error> {
        let waiting = self.queries.wait();
        let connection = self.queries.detach(|| self.pool.acquire()).await;
        if matches!(connection, Err(Error::PoolTimedOut)) {
            self.queries.timed_out();
        }
        Ok(self.pooled(connection?, Some(waiting.over())))
    }

    /// Takes a connection out of the pool, if there is one that is not in use.
    pub fn try_acquire(&self) -> Option<TracedPoolConnection<DB>> {
        Some(self.pooled(self.pool.try_acquire()?, None))
    }

    fn pooled(
        &self,
        connection: PoolConnection<DB>,
        waited: Option<Duration>,
    ) -> TracedPoolConnection<DB> {
        let held = Held::Pooled(connection);
        TracedPoolConnection(TracedConnection::new(held, &self.queries, waited))
    }

    /// A connection that did not come from here, as what traced queries run on.
    pub fn on<'c>(&self, connection: &'c mut DB::Connection) -> TracedConnection<'c, DB> {
        TracedConnection::new(Held::Borrowed(connection), &self.queries, None)
    }

    /// What queries run on that are to make no spans: health checks, clean-up.
    pub fn untraced(&self) -> Untraced<'_, DB> {
        Untraced::new(&self.pool, &self.queries)
    }

    /// sqlx's own pool, for what takes no other: `Migrator::run`, functions of `impl Acquire`, `PgListener`. Nothing on it is
    /// traced, and SQLite's threads are in the caller's `tracing` span: for queries, there is [`untraced`](Self::untraced).
    ///
    /// ```no_run
    /// # async fn example(db: throughline_instrument::sqlx::TracedPool<sqlx::Sqlite>) -> Result<(), Box<dyn std::error::Error>> {
    /// let migrations = std::path::Path::new("migrations");
    /// sqlx::migrate::Migrator::new(migrations).await?.run(db.inner()).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn inner(&self) -> &Pool<DB> {
        &self.pool
    }

    /// Which database it is, as `db.system.name` has it: `sqlite` or `postgresql`. What [`sqlx::Any`] stands for is known
    /// by the URL: where a statement differs between databases, this tells which one to take.
    pub fn system_name(&self) -> &'static str {
        self.queries.system_name()
    }

    /// Closes the pool, see [`Pool::close`].
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// Whether the pool was closed.
    pub fn is_closed(&self) -> bool {
        self.pool.is_closed()
    }

    /// Connections that are open.
    pub fn size(&self) -> u32 {
        self.pool.size()
    }

    /// Connections that are open and not in use.
    pub fn num_idle(&self) -> usize {
        self.pool.num_idle()
    }
}

impl<'p, DB: Database> Executor<'p> for &'p TracedPool<DB>
where
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
{
    type Database = DB;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> Steps<'e, DB>
    where
        'p: 'e,
        E: 'q + Execute<'q, DB>,
    {
        run::rows(&self.queries, Through::Pool, query, |query| {
            self.pool.fetch_many(query)
        })
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> Row<'e, DB>
    where
        'p: 'e,
        E: 'q + Execute<'q, DB>,
    {
        run::row(&self.queries, Through::Pool, query, |query| async {
            let waiting = self.queries.wait();
            let mut connection = self.pool.acquire().await?;
            waited(&Context::current(), waiting.over());
            connection.fetch_optional(query).await
        })
    }

    fn prepare_with<'e>(self, sql: SqlStr, parameters: &'e [DB::TypeInfo]) -> Prepared<'e, DB>
    where
        'p: 'e,
    {
        self.untraced().prepare_with(sql, parameters)
    }

    // Compile-time checks of queries only. sqlx's feature `macros`, which this crate turns on, asks for it.
    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<DB>, Error>>
    where
        'p: 'e,
    {
        self.untraced().describe(sql)
    }
}

impl<DB: Database> Clone for TracedPool<DB> {
    fn clone(&self) -> Self {
        Self {
            pool: Arc::clone(&self.pool),
            queries: Arc::clone(&self.queries),
        }
    }
}

impl<DB: Database> fmt::Debug for TracedPool<DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TracedPool").field(&self.pool).finish()
    }
}
