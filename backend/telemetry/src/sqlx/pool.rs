//! The traced pool.

use super::{executor::TracedConnection, query::Queries, transaction::TracedTransaction};
use opentelemetry::global::BoxedTracer;
use sqlx::{Database, Pool, pool::PoolConnection, sqlite::SqliteConnectOptions};
use std::{any::Any, fmt, sync::Arc};

/// A pool whose queries are traced. A reference to it is what `sqlx::query(…)` runs on. Clones share the pool.
pub struct TracedPool<DB: Database> {
    pub(super) pool: Pool<DB>,
    pub(super) queries: Arc<Queries>,
}

/// Traces the queries of a pool.
///
/// ```
/// # async fn example() -> Result<(), sqlx::Error> {
/// let pool = sqlx::SqlitePool::connect("sqlite::memory:").await?;
/// let db = throughline_instrument::sqlx::trace(pool);
/// let row = sqlx::query("SELECT id FROM users WHERE email = ?")
///     .bind("demo@example.com")
///     .fetch_optional(&db);
/// # drop(row);
/// # Ok(())
/// # }
/// ```
///
/// In a transaction, or on one connection, queries run on what [`TracedPool::on`] gives.
pub fn trace<DB: Database>(pool: Pool<DB>) -> TracedPool<DB> {
    let queries = Queries::new(system_name::<DB>(), namespace::<DB>(&pool));
    TracedPool {
        pool,
        queries: Arc::new(queries),
    }
}

/// The well-known value of `db.system.name`.
fn system_name<DB: Database>() -> &'static str {
    match DB::NAME {
        "SQLite" => "sqlite",
        "PostgreSQL" => "postgresql",
        "MySQL" => "mysql",
        other => other,
    }
}

/// The database within its system: for SQLite the name of its file, without the folders that it is in.
fn namespace<DB: Database>(pool: &Pool<DB>) -> Option<String> {
    let options = pool.connect_options();
    let options = (&*options as &dyn Any).downcast_ref::<SqliteConnectOptions>()?;
    let path = options.get_filename();
    let name = path.file_name()?.to_string_lossy();
    // `sqlite::memory:` becomes `file:sqlx-in-memory-0`.
    if name.starts_with("file:") || name == ":memory:" {
        return Some(":memory:".to_owned());
    }
    Some(name.into_owned())
}

// === impl TracedPool ===

impl<DB: Database> TracedPool<DB> {
    /// Makes spans with this tracer, in place of the global provider's.
    #[must_use]
    pub fn with_tracer(self, tracer: BoxedTracer) -> Self {
        Self {
            queries: Arc::new(self.queries.with_tracer(tracer)),
            pool: self.pool,
        }
    }

    /// Starts a transaction. Run its queries on [`db.on(&mut transaction)`](Self::on).
    ///
    /// # Errors
    ///
    /// Those of [`Pool::begin`].
    pub async fn begin(&self) -> Result<TracedTransaction<DB>, sqlx::Error> {
        let transaction = self.queries.detach(|| self.pool.begin()).await?;
        let transaction = self.queries.detach(|| transaction);
        Ok(TracedTransaction::new(transaction))
    }

    /// Takes a connection out of the pool, until it is dropped. Run its queries on
    /// [`db.on(&mut connection)`](Self::on).
    ///
    /// # Errors
    ///
    /// Those of [`Pool::acquire`].
    pub async fn acquire(&self) -> Result<PoolConnection<DB>, sqlx::Error> {
        self.queries.detach(|| self.pool.acquire()).await
    }

    /// One connection, or a transaction, as what traced queries run on.
    ///
    /// ```
    /// # async fn example(db: throughline_instrument::sqlx::TracedPool<sqlx::Sqlite>) -> Result<(), sqlx::Error> {
    /// let mut transaction = db.begin().await?;
    /// sqlx::query("DELETE FROM sessions").execute(db.on(&mut transaction)).await?;
    /// transaction.commit().await
    /// # }
    /// ```
    pub fn on<'c>(&self, connection: &'c mut DB::Connection) -> TracedConnection<'c, DB> {
        TracedConnection {
            connection,
            queries: Arc::clone(&self.queries),
        }
    }

    /// The pool itself: for migrations, its state, and what else is not to be traced.
    pub fn untraced(&self) -> &Pool<DB> {
        &self.pool
    }
}

impl<DB: Database> Clone for TracedPool<DB> {
    fn clone(&self) -> Self {
        Self {
            pool: self.pool.clone(),
            queries: Arc::clone(&self.queries),
        }
    }
}

impl<DB: Database> fmt::Debug for TracedPool<DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TracedPool").field(&self.pool).finish()
    }
}
