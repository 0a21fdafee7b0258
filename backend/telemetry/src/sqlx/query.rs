//! The span of one query, from the call to the last row.

use super::{described::Described, error::Failure, queries::Queries};
use futures_core::Stream;
use opentelemetry::{
    Context, KeyValue,
    context::FutureExt,
    trace::{Status, TraceContextExt},
};
use pin_project_lite::pin_project;
use sqlx::{Either, Error};
use std::{
    pin::Pin,
    sync::Arc,
    task::{self, Poll, ready},
    time::{Duration, Instant},
};
use throughline_core::names::{db as names, throughline};

/// An open span. It ends, and is measured, when it is dropped.
#[derive(Debug)]
pub(super) struct Query {
    queries: Arc<Queries>,
    statement: Arc<Described>,
    context: Context,
    since: Instant,
    rows: u64,
    failure: Option<Failure>,
}

pin_project! {
    /// Counts rows, and ends the span when the stream ends or is dropped.
    pub(super) struct Rows<S> {
        // Before the span: it ends after what it covers.
        #[pin]
        inner: S,
        query: Option<Query>,
    }
}

// === impl Query ===

impl Query {
    pub(super) fn new(queries: Arc<Queries>, statement: Arc<Described>, context: Context) -> Self {
        Self {
            queries,
            statement,
            context,
            since: Instant::now(),
            rows: 0,
            failure: None,
        }
    }

    /// The context in which the query runs.
    pub(super) fn context(&self) -> Context {
        self.context.clone()
    }

    /// The future of a command, within the span.
    pub(super) async fn command<T>(
        mut self,
        command: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let result = command.with_context(self.context()).await;
        if let Err(error) = &result {
            self.failed(error);
        }
        result
    }

    /// The future of one row at most, within the span.
    pub(super) async fn row<T>(
        mut self,
        query: impl Future<Output = Result<Option<T>, Error>>,
    ) -> Result<Option<T>, Error> {
        let result = query.with_context(self.context()).await;
        match &result {
            Ok(row) => self.rows += u64::from(row.is_some()),
            Err(error) => self.failed(error),
        }
        result
    }

    fn failed(&mut self, error: &Error) {
        if matches!(error, Error::PoolTimedOut) {
            self.queries.instruments().timed_out();
        }
        self.failure = Failure::of(error);
        if let Some(failure) = &self.failure {
            let span = self.context.span();
            span.set_attributes(failure.attributes());
            // The message may quote values: it is for the log of who handles the error.
            span.set_status(Status::error(""));
            crate::error::of_database(error).write(&self.context);
        }
    }
}

impl Drop for Query {
    fn drop(&mut self) {
        let span = self.context.span();
        if self.statement.returns_rows || self.rows > 0 {
            let rows = i64::try_from(self.rows).unwrap_or(i64::MAX);
            span.set_attribute(KeyValue::new(names::RESPONSE_RETURNED_ROWS, rows));
        }
        span.end();
        let duration = self.since.elapsed();
        let instruments = self.queries.instruments();
        match &self.failure {
            None => instruments.operation(duration, &self.statement.measured),
            Some(failure) => {
                let mut attributes = self.statement.measured.clone();
                attributes.extend(failure.attributes());
                instruments.operation(duration, &attributes);
            }
        }
    }
}

/// Tells a query's span how long it had to wait for its connection.
pub(super) fn waited(context: &Context, time: Duration) {
    let milliseconds = time.as_secs_f64() * 1000.0;
    let waited = KeyValue::new(throughline::DB_CONNECTION_WAIT_MS, milliseconds);
    context.span().set_attribute(waited);
}

// === impl Rows ===

impl<S> Rows<S> {
    pub(super) fn new(query: Query, inner: S) -> Self {
        let query = Some(query);
        Self { inner, query }
    }
}

impl<S, D, R> Stream for Rows<S>
where
    S: Stream<Item = Result<Either<D, R>, Error>>,
{
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Option<S::Item>> {
        let this = self.project();
        let attached = this.query.as_ref().map(|query| query.context().attach());
        let item = ready!(this.inner.poll_next(cx));
        drop(attached);
        match (&item, this.query.as_mut()) {
            (Some(Ok(Either::Right(_))), Some(query)) => query.rows += 1,
            (Some(Err(error)), Some(query)) => query.failed(error),
            (None, _) => *this.query = None,
            _ => {}
        }
        Poll::Ready(item)
    }
}
