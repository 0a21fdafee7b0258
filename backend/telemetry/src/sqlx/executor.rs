//! sqlx's own interface, with a span around each query.

use super::{
    pool::TracedPool,
    query::{Queries, Rows},
};
use futures_core::{future::BoxFuture, stream::BoxStream};
use sqlx::{Database, Describe, Either, Error, Execute, Executor, SqlStr, error::BoxDynError};
use std::{fmt, sync::Arc};

/// A connection whose queries are traced: see [`TracedPool::on`].
pub struct TracedConnection<'c, DB: Database> {
    pub(super) connection: &'c mut DB::Connection,
    pub(super) queries: Arc<Queries>,
}

/// A query whose text was looked at: sqlx gives the text of a query away only with the query.
struct Taken<DB: Database> {
    sql: SqlStr,
    statement: Option<DB::Statement>,
    arguments: Option<Result<Option<DB::Arguments>, BoxDynError>>,
    persistent: bool,
}

// === impl Taken ===

impl<DB: Database> Taken<DB> {
    fn from<'q>(mut query: impl Execute<'q, DB>) -> Self {
        Self {
            arguments: Some(query.take_arguments()),
            statement: query.statement().cloned(),
            persistent: query.persistent(),
            sql: query.sql(),
        }
    }
}

impl<'q, DB: Database> Execute<'q, DB> for Taken<DB> {
    fn sql(self) -> SqlStr {
        self.sql
    }

    fn statement(&self) -> Option<&DB::Statement> {
        self.statement.as_ref()
    }

    fn take_arguments(&mut self) -> Result<Option<DB::Arguments>, BoxDynError> {
        self.arguments.take().unwrap_or(Ok(None))
    }

    fn persistent(&self) -> bool {
        self.persistent
    }
}

type Steps<'e, DB> =
    BoxStream<'e, Result<Either<<DB as Database>::QueryResult, <DB as Database>::Row>, Error>>;
type Row<'e, DB> = BoxFuture<'e, Result<Option<<DB as Database>::Row>, Error>>;
type Statement<'e, DB> = BoxFuture<'e, Result<<DB as Database>::Statement, Error>>;

// === impl TracedPool ===

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
        let query = Taken::from(query);
        let span = self.queries.query(query.sql.as_str());
        let rows = self.queries.detach(|| self.pool.fetch_many(query));
        Box::pin(Rows::new(span, rows))
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> Row<'e, DB>
    where
        'p: 'e,
        E: 'q + Execute<'q, DB>,
    {
        let query = Taken::from(query);
        let span = self.queries.query(query.sql.as_str());
        let row = self.queries.detach(|| self.pool.fetch_optional(query));
        Box::pin(span.observe(row))
    }

    fn prepare_with<'e>(self, sql: SqlStr, parameters: &'e [DB::TypeInfo]) -> Statement<'e, DB>
    where
        'p: 'e,
    {
        let prepare = || self.pool.prepare_with(sql, parameters);
        Box::pin(self.queries.detach(prepare))
    }

    // Compile-time checks of queries only. sqlx's feature `macros`, which this crate turns on, asks for it.
    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<DB>, Error>>
    where
        'p: 'e,
    {
        Box::pin(self.queries.detach(|| self.pool.describe(sql)))
    }
}

// === impl TracedConnection ===

impl<'c, DB: Database> Executor<'c> for TracedConnection<'c, DB>
where
    for<'a> &'a mut DB::Connection: Executor<'a, Database = DB>,
{
    type Database = DB;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> Steps<'e, DB>
    where
        'c: 'e,
        E: 'q + Execute<'q, DB>,
    {
        let query = Taken::from(query);
        let span = self.queries.query(query.sql.as_str());
        let rows = self.queries.detach(|| self.connection.fetch_many(query));
        Box::pin(Rows::new(span, rows))
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> Row<'e, DB>
    where
        'c: 'e,
        E: 'q + Execute<'q, DB>,
    {
        let query = Taken::from(query);
        let span = self.queries.query(query.sql.as_str());
        let row = self
            .queries
            .detach(|| self.connection.fetch_optional(query));
        Box::pin(span.observe(row))
    }

    fn prepare_with<'e>(self, sql: SqlStr, parameters: &'e [DB::TypeInfo]) -> Statement<'e, DB>
    where
        'c: 'e,
    {
        let prepare = || self.connection.prepare_with(sql, parameters);
        Box::pin(self.queries.detach(prepare))
    }

    // Compile-time checks of queries only. sqlx's feature `macros`, which this crate turns on, asks for it.
    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<DB>, Error>>
    where
        'c: 'e,
    {
        Box::pin(self.queries.detach(|| self.connection.describe(sql)))
    }
}

impl<DB: Database> fmt::Debug for TracedConnection<'_, DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TracedConnection").finish_non_exhaustive()
    }
}
