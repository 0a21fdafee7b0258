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
use throughline_core::names::{db as names, error, throughline};

/// An open span. It ends, and is measured, when it is dropped; if that is before the query has ended, as cancelled.
#[derive(Debug)]
pub(super) struct Query {
    queries: Arc<Queries>,
    statement: Arc<Described>,
    context: Context,
    since: Instant,
    rows: u64,
    end: End,
}

#[derive(Debug)]
enum End {
    /// Nobody waited for the end, or for the rows that are left.
    Cancelled,
    Complete,
    Failed(Failure),
    /// By sqlx, some time later.
    Unseen,
}

pin_project! {
    /// Starts the query when it is first polled, counts rows, and ends the span when the stream ends or is dropped.
    pub(super) struct Rows<S, F> {
        start: Option<F>,
        // Before the span: it ends after what it covers.
        #[pin]
        inner: Option<S>,
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
            end: End::Cancelled,
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
        match &result {
            Ok(_) => self.end = End::Complete,
            Err(error) => self.failed(error),
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
            Ok(row) => {
                self.rows += u64::from(row.is_some());
                self.end = End::Complete;
            }
            Err(error) => self.failed(error),
        }
        result
    }

    /// Ends the span of what sqlx does later, when nobody looks: it has no length that could be measured.
    pub(super) fn unseen(mut self) {
        self.end = End::Unseen;
    }

    /// Ends the span after the last row, or after the error that took its place.
    fn complete(mut self) {
        if matches!(self.end, End::Cancelled) {
            self.end = End::Complete;
        }
    }

    fn failed(&mut self, error: &Error) {
        if matches!(error, Error::PoolTimedOut) {
            self.queries.timed_out();
        }
        self.end = Failure::of(error).map_or(End::Complete, End::Failed);
        if let End::Failed(failure) = &self.end {
            let span = self.context.span();
            span.set_attributes(failure.attributes());
            // The message may quote values: it is for the log of who handles the error.
            span.set_status(Status::error(""));
            crate::error::of_database(error).write(&self.context);
        }
    }

    /// What says of the measurement that it is none of a query that was successful.
    fn why_not(&self) -> Vec<KeyValue> {
        match &self.end {
            End::Complete | End::Unseen => Vec::new(),
            End::Cancelled => vec![KeyValue::new(error::TYPE, error::CANCELLED)],
            End::Failed(failure) => failure.attributes().collect(),
        }
    }

    fn measure(&self) {
        let Some(instruments) = self.queries.instruments() else {
            return;
        };
        let duration = self.since.elapsed();
        let mut more = self.why_not();
        if more.is_empty() {
            instruments.operation(duration, &self.statement.measured);
        } else {
            more.extend_from_slice(&self.statement.measured);
            instruments.operation(duration, &more);
        }
    }
}

impl Drop for Query {
    fn drop(&mut self) {
        let span = self.context.span();
        let has_count = self.statement.returns_rows && !matches!(self.end, End::Cancelled);
        if has_count || self.rows > 0 {
            let rows = i64::try_from(self.rows).unwrap_or(i64::MAX);
            span.set_attribute(KeyValue::new(names::RESPONSE_RETURNED_ROWS, rows));
        }
        if matches!(self.end, End::Cancelled) {
            // The caller's choice: not an error of the query.
            span.set_attribute(KeyValue::new(throughline::DB_CANCELLED, true));
        }
        span.end();
        if !matches!(self.end, End::Unseen) {
            self.measure();
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

impl<S, F: FnOnce() -> (Query, S)> Rows<S, F> {
    pub(super) fn new(start: F) -> Self {
        Self {
            start: Some(start),
            inner: None,
            query: None,
        }
    }
}

impl<S, F, D, R> Stream for Rows<S, F>
where
    S: Stream<Item = Result<Either<D, R>, Error>>,
    F: FnOnce() -> (Query, S),
{
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Option<S::Item>> {
        let mut this = self.project();
        if let Some(start) = this.start.take() {
            let (query, inner) = start();
            *this.query = Some(query);
            this.inner.set(Some(inner));
        }
        let Some(inner) = this.inner.as_pin_mut() else {
            return Poll::Ready(None);
        };
        let attached = this.query.as_ref().map(|query| query.context().attach());
        let item = ready!(inner.poll_next(cx));
        drop(attached);
        match (&item, this.query.as_mut()) {
            (Some(Ok(Either::Right(_))), Some(query)) => query.rows += 1,
            (Some(Err(error)), Some(query)) => query.failed(error),
            (None, _) => {
                if let Some(query) = this.query.take() {
                    query.complete();
                }
            }
            _ => {}
        }
        Poll::Ready(item)
    }
}
