//! The span of one query, from the call to the last row.

use super::{
    detached::{self, Detached},
    statement::Statement,
};
use futures_core::Stream;
use opentelemetry::{
    Context, KeyValue,
    global::{self, BoxedTracer},
    trace::{SpanKind, Status, TraceContextExt, Tracer},
};
use pin_project_lite::pin_project;
use sqlx::{Either, Error, error::ErrorKind};
use std::{
    fmt,
    pin::Pin,
    sync::OnceLock,
    task::{self, Poll, ready},
};
use throughline_core::names::{db as names, error, scope};
use tracing::Dispatch;

/// What the queries of one pool have in common.
pub(super) struct Queries {
    /// The global one is looked up at the first query: pools may be made before telemetry is installed.
    tracer: OnceLock<BoxedTracer>,
    /// What sqlx runs under: made of the current subscriber at the first query, for the same reason.
    subscriber: OnceLock<Dispatch>,
    attributes: Vec<KeyValue>,
}

/// An open span. It ends when it is dropped.
#[derive(Debug)]
pub(super) struct Query {
    context: Context,
    rows: u64,
    returns_rows: bool,
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

// === impl Queries ===

impl Queries {
    pub(super) fn new(system: &'static str, namespace: Option<String>) -> Self {
        let mut attributes = vec![KeyValue::new(names::SYSTEM_NAME, system)];
        attributes.extend(namespace.map(|name| KeyValue::new(names::NAMESPACE, name)));
        Self {
            tracer: OnceLock::new(),
            subscriber: OnceLock::new(),
            attributes,
        }
    }

    pub(super) fn with_tracer(&self, tracer: BoxedTracer) -> Self {
        Self {
            tracer: OnceLock::from(tracer),
            subscriber: OnceLock::new(),
            attributes: self.attributes.clone(),
        }
    }

    /// Makes what sqlx does, so that it does not see the caller's `tracing` span.
    pub(super) fn detach<T>(&self, make: impl FnOnce() -> T) -> Detached<T> {
        Detached::new(self.subscriber.get_or_init(detached::without_span), make)
    }

    /// Starts the span of a query.
    pub(super) fn query(&self, sql: &str) -> Query {
        let statement = Statement::parse(sql);
        let mut attributes = self.attributes.clone();
        attributes.push(KeyValue::new(names::QUERY_TEXT, statement.text));
        let name = statement.summary;
        if !name.is_empty() {
            attributes.push(KeyValue::new(names::QUERY_SUMMARY, name.clone()));
        }
        let returns_rows = statement.operation.as_deref() == Some("SELECT");
        let operation = statement.operation;
        attributes.extend(operation.map(|it| KeyValue::new(names::OPERATION_NAME, it)));
        let collection = statement.collection;
        attributes.extend(collection.map(|it| KeyValue::new(names::COLLECTION_NAME, it)));
        let tracer = self.tracer.get_or_init(|| global::tracer(scope::SQLX));
        let span = tracer
            .span_builder(if name.is_empty() {
                "query".to_owned()
            } else {
                name
            })
            .with_kind(SpanKind::Client)
            .with_attributes(attributes);
        let parent = Context::current();
        let span = tracer.build_with_context(span, &parent);
        Query {
            context: parent.with_span(span),
            rows: 0,
            returns_rows,
        }
    }
}

impl fmt::Debug for Queries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queries")
            .field("attributes", &self.attributes)
            .finish_non_exhaustive()
    }
}

// === impl Query ===

impl Query {
    /// The future of one row at most, within the span.
    pub(super) async fn observe<T>(
        self,
        query: impl Future<Output = Result<Option<T>, Error>>,
    ) -> Result<Option<T>, Error> {
        use opentelemetry::context::FutureExt;

        let mut span = self;
        let result = query.with_context(span.context.clone()).await;
        match &result {
            Ok(None) => {}
            Ok(Some(_)) => span.rows += 1,
            Err(error) => span.failed(error),
        }
        result
    }

    fn failed(&self, error: &Error) {
        // Nothing was found: an answer like any other.
        if matches!(error, Error::RowNotFound) {
            return;
        }
        let span = self.context.span();
        let code = error.as_database_error().and_then(|error| error.code());
        if let Some(code) = &code {
            span.set_attribute(KeyValue::new(names::RESPONSE_STATUS_CODE, code.to_string()));
        }
        span.set_attribute(KeyValue::new(error::TYPE, error_type(error)));
        // The message may quote values: it is for the log of who handles the error.
        span.set_status(Status::error(""));
        crate::error::of_database(error).write(&self.context);
    }
}

impl Drop for Query {
    fn drop(&mut self) {
        let span = self.context.span();
        if self.returns_rows || self.rows > 0 {
            let rows = i64::try_from(self.rows).unwrap_or(i64::MAX);
            span.set_attribute(KeyValue::new(names::RESPONSE_RETURNED_ROWS, rows));
        }
        span.end();
    }
}

/// The error's class, of low cardinality.
fn error_type(error: &Error) -> &'static str {
    match error {
        Error::Database(error) => match error.kind() {
            ErrorKind::UniqueViolation => "unique_violation",
            ErrorKind::ForeignKeyViolation => "foreign_key_violation",
            ErrorKind::NotNullViolation => "not_null_violation",
            ErrorKind::CheckViolation => "check_violation",
            _ => "database",
        },
        Error::Io(_) => "io",
        Error::Tls(_) => "tls",
        Error::Protocol(_) => "protocol",
        Error::PoolTimedOut => "pool_timed_out",
        Error::PoolClosed => "pool_closed",
        Error::WorkerCrashed => "worker_crashed",
        Error::Encode(_) => "encode",
        Error::Decode(_) | Error::ColumnDecode { .. } => "decode",
        _ => error::OTHER,
    }
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
        let attached = this
            .query
            .as_ref()
            .map(|query| query.context.clone().attach());
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
