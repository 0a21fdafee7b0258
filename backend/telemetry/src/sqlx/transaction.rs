//! The transaction of a traced pool.

use super::{
    connection::{Held, TracedConnection},
    detached::Detached,
    queries::Queries,
};
use opentelemetry::{Context, KeyValue, trace::TraceContextExt};
use sqlx::{Connection, Database, Error, Transaction};
use std::{
    fmt,
    ops::{Deref, DerefMut},
    sync::Arc,
};
use throughline_core::names::throughline;

/// A transaction, from [`TracedPool::begin`](super::TracedPool::begin). Run its queries on `&mut *transaction`.
///
/// `BEGIN`, `COMMIT` and `ROLLBACK` have spans as queries have. A transaction that is dropped is rolled back, some time
/// later: its `ROLLBACK` has no length, is a sibling of `BEGIN`, and has `throughline.db.transaction.dropped=true`.
pub struct TracedTransaction<'c, DB: Database> {
    // In the order in which they are dropped.
    open: Open,
    connection: TracedConnection<'c, DB>,
}

/// A transaction that was neither committed nor rolled back. Its drop tells.
struct Open {
    queries: Arc<Queries>,
    /// In which the transaction began.
    context: Context,
    kind: Kind,
    ended: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Transaction,
    /// A transaction within another.
    Savepoint,
}

// === impl TracedTransaction ===

impl<'c, DB: Database> TracedTransaction<'c, DB> {
    /// One of a pool's, that began in the current context.
    pub(super) fn new(transaction: Detached<Transaction<'c, DB>>, queries: &Arc<Queries>) -> Self {
        Self::of(transaction, queries, Kind::Transaction)
    }

    fn of(transaction: Detached<Transaction<'c, DB>>, queries: &Arc<Queries>, kind: Kind) -> Self {
        Self {
            open: Open {
                queries: Arc::clone(queries),
                context: Context::current(),
                kind,
                ended: false,
            },
            connection: TracedConnection::new(Held::Transaction(transaction), queries, None),
        }
    }

    /// Makes permanent what the transaction did.
    ///
    /// # Errors
    ///
    /// Those of [`Transaction::commit`].
    pub async fn commit(self) -> Result<(), Error> {
        let span = self.open.queries.query(self.open.kind.commit());
        match self.end() {
            Held::Transaction(it) => span.command(it.map(Transaction::commit)).await,
            Held::Pooled(_) | Held::Borrowed(_) => Ok(()),
        }
    }

    /// Undoes what the transaction did, and waits until that is done.
    ///
    /// # Errors
    ///
    /// Those of [`Transaction::rollback`].
    pub async fn rollback(self) -> Result<(), Error> {
        let span = self.open.queries.query(self.open.kind.rollback());
        match self.end() {
            Held::Transaction(it) => span.command(it.map(Transaction::rollback)).await,
            Held::Pooled(_) | Held::Borrowed(_) => Ok(()),
        }
    }

    fn end(mut self) -> Held<'c, DB> {
        self.open.ended = true;
        self.connection.into_held()
    }
}

impl<'c, DB: Database> Deref for TracedTransaction<'c, DB> {
    type Target = TracedConnection<'c, DB>;

    fn deref(&self) -> &Self::Target {
        &self.connection
    }
}

impl<DB: Database> DerefMut for TracedTransaction<'_, DB> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.connection
    }
}

impl<DB: Database> fmt::Debug for TracedTransaction<'_, DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TracedTransaction").finish_non_exhaustive()
    }
}

// === impl TracedConnection ===

impl<DB: Database> TracedConnection<'_, DB> {
    /// Starts a transaction on this connection; within a transaction, a savepoint.
    ///
    /// # Errors
    ///
    /// Those of [`Connection::begin`].
    pub async fn begin(&mut self) -> Result<TracedTransaction<'_, DB>, Error> {
        let (queries, through, connection) = self.parts();
        let kind = if connection.is_in_transaction() {
            Kind::Savepoint
        } else {
            Kind::Transaction
        };
        let span = queries.query(kind.begin());
        through.tell(&span.context());
        let begin = queries.detach(|| Transaction::begin(connection, None));
        let transaction = span.command(begin).await?;
        let transaction = queries.detach(|| transaction);
        Ok(TracedTransaction::of(transaction, &queries, kind))
    }
}

// === impl Open ===

impl Drop for Open {
    fn drop(&mut self) {
        if !self.ended {
            // What drops it may be in no context at all: a task that is cancelled is not.
            let span = self.queries.query_in(&self.context, self.kind.rollback());
            let dropped = KeyValue::new(throughline::DB_TRANSACTION_DROPPED, true);
            span.context().span().set_attribute(dropped);
            span.unseen();
        }
    }
}

// === impl Kind ===

/// The statements of sqlx, without the numbers that it gives to savepoints.
impl Kind {
    fn begin(self) -> &'static str {
        match self {
            Self::Transaction => "BEGIN",
            Self::Savepoint => "SAVEPOINT",
        }
    }

    fn commit(self) -> &'static str {
        match self {
            Self::Transaction => "COMMIT",
            Self::Savepoint => "RELEASE SAVEPOINT",
        }
    }

    fn rollback(self) -> &'static str {
        match self {
            Self::Transaction => "ROLLBACK",
            Self::Savepoint => "ROLLBACK TO SAVEPOINT",
        }
    }
}
