//! The transaction of a traced pool.

use super::detached::Detached;
use sqlx::{Database, Error, Transaction};
use std::{
    fmt,
    ops::{Deref, DerefMut},
};

/// A transaction, from [`TracedPool::begin`](super::TracedPool::begin). It is rolled back if it is dropped.
///
/// Its queries run on what [`TracedPool::on`](super::TracedPool::on) gives; on the connection itself they are not traced.
pub struct TracedTransaction<DB: Database> {
    transaction: Detached<Transaction<'static, DB>>,
}

// === impl TracedTransaction ===

impl<DB: Database> TracedTransaction<DB> {
    pub(super) fn new(transaction: Detached<Transaction<'static, DB>>) -> Self {
        Self { transaction }
    }

    /// Makes permanent what the transaction did.
    ///
    /// # Errors
    ///
    /// Those of [`Transaction::commit`].
    pub async fn commit(self) -> Result<(), Error> {
        self.transaction.map(Transaction::commit).await
    }

    /// Undoes what the transaction did, and waits until that is done.
    ///
    /// # Errors
    ///
    /// Those of [`Transaction::rollback`].
    pub async fn rollback(self) -> Result<(), Error> {
        self.transaction.map(Transaction::rollback).await
    }
}

impl<DB: Database> Deref for TracedTransaction<DB> {
    type Target = DB::Connection;

    fn deref(&self) -> &DB::Connection {
        self.transaction.get_ref()
    }
}

impl<DB: Database> DerefMut for TracedTransaction<DB> {
    fn deref_mut(&mut self) -> &mut DB::Connection {
        self.transaction.get_mut()
    }
}

impl<DB: Database> fmt::Debug for TracedTransaction<DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TracedTransaction").finish_non_exhaustive()
    }
}
