//! Runs a query of sqlx, with a span around it.

use super::{
    queries::{Queries, Waiting},
    query::{self, Rows, waited},
};
use futures_core::{future::BoxFuture, stream::BoxStream};
use opentelemetry::Context;
use sqlx::{Database, Either, Error, Execute, SqlStr, error::BoxDynError};
use std::{sync::Arc, time::Duration};

/// What [`Executor::fetch_many`](sqlx::Executor::fetch_many) gives.
pub(super) type Steps<'e, DB> =
    BoxStream<'e, Result<Either<<DB as Database>::QueryResult, <DB as Database>::Row>, Error>>;
/// What [`Executor::fetch_optional`](sqlx::Executor::fetch_optional) gives.
pub(super) type Row<'e, DB> = BoxFuture<'e, Result<Option<<DB as Database>::Row>, Error>>;
/// What [`Executor::prepare_with`](sqlx::Executor::prepare_with) gives.
pub(super) type Prepared<'e, DB> = BoxFuture<'e, Result<<DB as Database>::Statement, Error>>;

/// How a query comes to its connection.
#[derive(Clone, Copy, Debug)]
pub(super) enum Through {
    /// It has to wait for one.
    Pool,
    /// It is on one, that had to be waited for if this is the first query.
    Connection(Option<Duration>),
}

/// A query whose text was looked at: sqlx gives the text of a query away only with the query.
pub(super) struct Taken<DB: Database> {
    sql: SqlStr,
    statement: Option<DB::Statement>,
    arguments: Option<Result<Option<DB::Arguments>, BoxDynError>>,
    persistent: bool,
    /// A connection takes the arguments as soon as it has the query.
    waiting: Option<(Waiting, Context)>,
}

/// The rows of a query that `run` runs, as soon as they are asked for.
pub(super) fn rows<'e, 'q, DB: Database>(
    queries: &Arc<Queries>,
    through: Through,
    query: impl Execute<'q, DB>,
    run: impl FnOnce(Taken<DB>) -> Steps<'e, DB> + Send + 'e,
) -> Steps<'e, DB> {
    let (queries, parent) = (Arc::clone(queries), Context::current());
    let mut query = Taken::from(query);
    Box::pin(Rows::new(move || {
        let span = queries.query_in(&parent, query.sql.as_str());
        query.goes(through, &queries, span.context());
        let steps = queries.out_of_sight(|| run(query));
        (span, steps)
    }))
}

/// The row of a query that `run` runs, as soon as it is asked for; if there is one.
pub(super) fn row<'e, 'q, DB, F>(
    queries: &Arc<Queries>,
    through: Through,
    query: impl Execute<'q, DB>,
    run: impl FnOnce(Taken<DB>) -> F,
) -> Row<'e, DB>
where
    DB: Database,
    F: Future<Output = Result<Option<DB::Row>, Error>> + Send + 'e,
{
    let (queries, parent) = (Arc::clone(queries), Context::current());
    let query = Taken::from(query);
    let statement = queries.describe(query.sql.as_str());
    let start = move || {
        let span = queries.query_of(&parent, statement);
        through.tell(&span.context());
        span
    };
    Box::pin(query::Row::new(start, run(query)))
}

// === impl Through ===

impl Through {
    /// Tells a span how long its connection had to be waited for before.
    pub(super) fn tell(self, span: &Context) {
        if let Self::Connection(Some(time)) = self {
            waited(span, time);
        }
    }
}

// === impl Taken ===

impl<DB: Database> Taken<DB> {
    fn from<'q>(mut query: impl Execute<'q, DB>) -> Self {
        Self {
            arguments: Some(query.take_arguments()),
            statement: query.statement().cloned(),
            persistent: query.persistent(),
            sql: query.sql(),
            waiting: None,
        }
    }

    fn goes(&mut self, through: Through, queries: &Arc<Queries>, span: Context) {
        match through {
            Through::Pool => self.waiting = Some((queries.wait(), span)),
            Through::Connection(_) => through.tell(&span),
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
        if let Some((waiting, span)) = self.waiting.take() {
            waited(&span, waiting.over());
        }
        self.arguments.take().unwrap_or(Ok(None))
    }

    fn persistent(&self) -> bool {
        self.persistent
    }
}
