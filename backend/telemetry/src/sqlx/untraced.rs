//! A traced pool's queries that are not to be traced.

use super::{
    queries::Queries,
    run::{Prepared, Row, Steps},
};
use futures_core::future::BoxFuture;
use sqlx::{Database, Describe, Error, Execute, Executor, Pool, SqlStr};
use std::fmt;

/// Runs queries on the connections of a [`TracedPool`](super::TracedPool) without spans and measurements.
pub struct Untraced<'p, DB: Database> {
    pool: &'p Pool<DB>,
    queries: &'p Queries,
}

// === impl Untraced ===

impl<'p, DB: Database> Untraced<'p, DB> {
    pub(super) fn new(pool: &'p Pool<DB>, queries: &'p Queries) -> Self {
        Self { pool, queries }
    }
}

impl<'p, DB: Database> Executor<'p> for Untraced<'p, DB>
where
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
{
    type Database = DB;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> Steps<'e, DB>
    where
        'p: 'e,
        E: 'q + Execute<'q, DB>,
    {
        Box::pin(self.queries.detach(|| self.pool.fetch_many(query)))
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> Row<'e, DB>
    where
        'p: 'e,
        E: 'q + Execute<'q, DB>,
    {
        Box::pin(self.queries.detach(|| self.pool.fetch_optional(query)))
    }

    fn prepare_with<'e>(self, sql: SqlStr, parameters: &'e [DB::TypeInfo]) -> Prepared<'e, DB>
    where
        'p: 'e,
    {
        let prepare = || self.pool.prepare_with(sql, parameters);
        Box::pin(self.queries.detach(prepare))
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<DB>, Error>>
    where
        'p: 'e,
    {
        Box::pin(self.queries.detach(|| self.pool.describe(sql)))
    }
}

impl<DB: Database> Clone for Untraced<'_, DB> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<DB: Database> Copy for Untraced<'_, DB> {}

impl<DB: Database> fmt::Debug for Untraced<'_, DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Untraced").field(self.pool).finish()
    }
}
