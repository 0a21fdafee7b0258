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
    /// Starts the span when it is first polled, and ends it when the query has given its row, or none, or is dropped.
    pub(super) struct Row<F, S> {
        start: Option<S>,
        // None after its end.
        #[pin]
        inner: Option<F>,
        query: Option<Query>,
    }

    impl<F, S> PinnedDrop for Row<F, S> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            // The span ends after what it covers.
            if let Some(query) = this.query {
                query.run(|| this.inner.set(None));
            }
        }
    }
}

pin_project! {
    /// Starts the query when it is first polled, counts rows, and ends the span when the stream ends or is dropped.
    pub(super) struct Rows<F, S> {
        start: Option<S>,
        // None before its start and after its end.
        #[pin]
        inner: Option<F>,
        query: Option<Query>,
    }

    impl<F, S> PinnedDrop for Rows<F, S> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if let Some(query) = this.query {
                query.run(|| this.inner.set(None));
            }
        }
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

    /// Runs sqlx within the span, out of sight of the caller's `tracing` span.
    fn run<T>(&self, sqlx: impl FnOnce() -> T) -> T {
        let _attached = self.context().attach();
        self.queries.out_of_sight(sqlx)
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
        let Described {
            series, measured, ..
        } = &*self.statement;
        if more.is_empty() {
            instruments.operation(duration, series, measured);
        } else {
            more.extend_from_slice(measured);
            instruments.failed(duration, &more);
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

// === impl Row ===

impl<F, S: FnOnce() -> Query> Row<F, S> {
    pub(super) fn new(start: S, inner: F) -> Self {
        Self {
            start: Some(start),
            inner: Some(inner),
            query: None,
        }
    }
}

impl<F, S, R> Future for Row<F, S>
where
    F: Future<Output = Result<Option<R>, Error>>,
    S: FnOnce() -> Query,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        if let Some(start) = this.start.take() {
            *this.query = Some(start());
        }
        let Some(query) = this.query else {
            return Poll::Pending;
        };
        let result = ready!(query.run(|| {
            let Some(inner) = this.inner.as_mut().as_pin_mut() else {
                return Poll::Pending;
            };
            let result = ready!(inner.poll(cx));
            this.inner.set(None);
            Poll::Ready(result)
        }));
        match &result {
            Ok(row) => {
                query.rows += u64::from(row.is_some());
                query.end = End::Complete;
            }
            Err(error) => query.failed(error),
        }
        *this.query = None;
        Poll::Ready(result)
    }
}

// === impl Rows ===

impl<F, S: FnOnce() -> (Query, F)> Rows<F, S> {
    pub(super) fn new(start: S) -> Self {
        Self {
            start: Some(start),
            inner: None,
            query: None,
        }
    }
}

impl<F, S, D, R> Stream for Rows<F, S>
where
    F: Stream<Item = Result<Either<D, R>, Error>>,
    S: FnOnce() -> (Query, F),
{
    type Item = F::Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Option<F::Item>> {
        let mut this = self.project();
        if let Some(start) = this.start.take() {
            let (query, inner) = start();
            *this.query = Some(query);
            this.inner.set(Some(inner));
        }
        let Some(query) = this.query else {
            return Poll::Ready(None);
        };
        let item = ready!(query.run(|| {
            let Some(inner) = this.inner.as_mut().as_pin_mut() else {
                return Poll::Ready(None);
            };
            let item = ready!(inner.poll_next(cx));
            if item.is_none() {
                this.inner.set(None);
            }
            Poll::Ready(item)
        }));
        match &item {
            Some(Ok(Either::Left(_))) => {}
            Some(Ok(Either::Right(_))) => query.rows += 1,
            Some(Err(error)) => query.failed(error),
            None => {
                if let Some(query) = this.query.take() {
                    query.complete();
                }
            }
        }
        Poll::Ready(item)
    }
}
