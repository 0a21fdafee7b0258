//! One connection, as what traced queries run on.

use super::{
    detached::Detached,
    queries::Queries,
    run::{self, Prepared, Row, Steps, Through},
    system::System,
};
use futures_core::future::BoxFuture;
use sqlx::{
    Database, Describe, Error, Execute, Executor, SqlStr, Transaction, pool::PoolConnection,
};
use std::{
    fmt,
    ops::{Deref, DerefMut},
    sync::Arc,
    time::Duration,
};

/// A connection whose queries are traced: `&mut connection` is what they run on.
///
/// A [`TracedPoolConnection`] is one, and so is a [`TracedTransaction`](super::TracedTransaction). A function that makes
/// several queries takes a `&mut TracedConnection<'_, DB>`, as it would a `&mut SqliteConnection`.
pub struct TracedConnection<'c, DB: Database> {
    held: Held<'c, DB>,
    queries: Arc<Queries>,
    /// How long it had to be waited for, until a span tells.
    waited: Option<Duration>,
}

/// A connection of [`TracedPool::acquire`](super::TracedPool::acquire), which goes back to the pool when it is dropped. Run
/// its queries on `&mut *connection`, as on one of sqlx's [`PoolConnection`].
pub struct TracedPoolConnection<DB: Database>(pub(super) TracedConnection<'static, DB>);

/// Whose connection it is.
pub(super) enum Held<'c, DB: Database> {
    Pooled(PoolConnection<DB>),
    Borrowed(&'c mut DB::Connection),
    Transaction(Detached<Transaction<'c, DB>>),
}

// === impl TracedConnection ===

impl<'c, DB: Database> TracedConnection<'c, DB> {
    pub(super) fn new(
        held: Held<'c, DB>,
        queries: &Arc<Queries>,
        waited: Option<Duration>,
    ) -> Self {
        Self {
            held,
            queries: Arc::clone(queries),
            waited,
        }
    }

    /// sqlx's own connection: for what queries cannot do, such as `COPY`. Nothing on it is traced.
    pub fn untraced(&mut self) -> &mut DB::Connection {
        match &mut self.held {
            Held::Pooled(connection) => connection,
            Held::Borrowed(connection) => connection,
            Held::Transaction(transaction) => transaction.get_mut(),
        }
    }

    pub(super) fn queries(&self) -> Arc<Queries> {
        Arc::clone(&self.queries)
    }

    pub(super) fn into_held(self) -> Held<'c, DB> {
        self.held
    }

    /// What a query needs: the pool's settings, how it came here, the connection.
    pub(super) fn parts(&mut self) -> (Arc<Queries>, Through, &mut DB::Connection) {
        let through = Through::Connection(self.waited.take());
        (self.queries(), through, self.untraced())
    }
}

impl<'t, DB: System> Executor<'t> for &'t mut TracedConnection<'_, DB> {
    type Database = DB;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> Steps<'e, DB>
    where
        't: 'e,
        E: 'q + Execute<'q, DB>,
    {
        let (queries, through, connection) = self.parts();
        run::rows(&queries, through, query, move |query| {
            DB::executor(connection).fetch_many(query)
        })
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> Row<'e, DB>
    where
        't: 'e,
        E: 'q + Execute<'q, DB>,
    {
        let (queries, through, connection) = self.parts();
        run::row(&queries, through, query, |query| async {
            DB::executor(connection).fetch_optional(query).await
        })
    }

    fn prepare_with<'e>(self, sql: SqlStr, parameters: &'e [DB::TypeInfo]) -> Prepared<'e, DB>
    where
        't: 'e,
    {
        let (queries, _, connection) = self.parts();
        let prepare = || DB::executor(connection).prepare_with(sql, parameters);
        Box::pin(queries.detach(prepare))
    }

    // Compile-time checks of queries only. sqlx's feature `macros`, which this crate turns on, asks for it.
    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<DB>, Error>>
    where
        't: 'e,
    {
        let (queries, _, connection) = self.parts();
        Box::pin(queries.detach(|| DB::executor(connection).describe(sql)))
    }
}

impl<DB: Database> fmt::Debug for TracedConnection<'_, DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TracedConnection").finish_non_exhaustive()
    }
}

// === impl TracedPoolConnection ===

impl<DB: Database> Deref for TracedPoolConnection<DB> {
    type Target = TracedConnection<'static, DB>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<DB: Database> DerefMut for TracedPoolConnection<DB> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl<DB: Database> fmt::Debug for TracedPoolConnection<DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TracedPoolConnection")
            .finish_non_exhaustive()
    }
}
