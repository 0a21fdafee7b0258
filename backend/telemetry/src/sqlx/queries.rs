//! What the queries of one pool have in common.

use super::{
    described::Statements,
    detached::{self, Detached},
    metrics::{Connections, Instruments},
    query::Query,
    system::System,
};
use opentelemetry::{
    Context,
    global::{self, BoxedTracer},
    metrics::Meter,
    trace::{SpanKind, TraceContextExt, Tracer},
};
use sqlx::Pool;
use std::{
    fmt,
    sync::{Arc, OnceLock, Weak},
    time::{Duration, Instant},
};
use throughline_core::names::scope;
use tracing::Dispatch;

/// What the queries of one pool have in common.
pub(super) struct Queries {
    /// The global one is looked up at the first query: pools may be made before telemetry is installed.
    tracer: OnceLock<BoxedTracer>,
    /// Those of the global meter, for the same reason at the first query.
    instruments: OnceLock<Instruments>,
    /// What sqlx runs under: made of the current subscriber at the first query, for the same reason.
    subscriber: OnceLock<Dispatch>,
    statements: Statements,
    system_name: &'static str,
    pool_name: String,
    pool: Weak<dyn Connections>,
}

/// A request for a connection that is not there yet. Dropped, it was given up.
#[derive(Debug)]
pub(super) struct Waiting {
    queries: Arc<Queries>,
    since: Instant,
}

// === impl Queries ===

impl Queries {
    pub(super) fn new<DB: System>(pool: &Arc<Pool<DB>>) -> Self {
        let options = pool.connect_options();
        let place = DB::place(&options);
        let weak = Arc::downgrade(pool);
        Self {
            tracer: OnceLock::new(),
            instruments: OnceLock::new(),
            subscriber: OnceLock::new(),
            statements: Statements::new(place.dialect, place.attributes()),
            system_name: place.system_name(),
            pool_name: place.pool_name(),
            pool: weak,
        }
    }

    /// The same as at the beginning.
    pub(super) fn afresh(&self) -> Self {
        Self {
            tracer: OnceLock::new(),
            instruments: OnceLock::new(),
            subscriber: OnceLock::new(),
            statements: self.statements.afresh(),
            system_name: self.system_name,
            pool_name: self.pool_name.clone(),
            pool: Weak::clone(&self.pool),
        }
    }

    /// With this tracer in place of the global provider's.
    pub(super) fn with_tracer(self, tracer: BoxedTracer) -> Self {
        Self {
            tracer: OnceLock::from(tracer),
            ..self
        }
    }

    /// With this meter in place of the global provider's.
    pub(super) fn with_meter(self, meter: &Meter) -> Self {
        Self {
            instruments: OnceLock::from(self.instruments_of(meter)),
            ..self
        }
    }

    fn instruments_of(&self, meter: &Meter) -> Instruments {
        Instruments::new(meter, &self.pool_name, &self.pool)
    }

    pub(super) fn system_name(&self) -> &'static str {
        self.system_name
    }

    pub(super) fn instruments(&self) -> &Instruments {
        self.instruments
            .get_or_init(|| self.instruments_of(&global::meter(scope::SQLX)))
    }

    /// Makes what sqlx does, so that it does not see the caller's `tracing` span.
    pub(super) fn detach<T>(&self, make: impl FnOnce() -> T) -> Detached<T> {
        Detached::new(self.subscriber.get_or_init(detached::without_span), make)
    }

    /// Starts the span of a query, in the current context.
    pub(super) fn query(self: &Arc<Self>, sql: &str) -> Query {
        self.query_in(&Context::current(), sql)
    }

    /// Starts the span of a query as a child of `parent`'s.
    pub(super) fn query_in(self: &Arc<Self>, parent: &Context, sql: &str) -> Query {
        let statement = self.statements.describe(sql);
        let tracer = self.tracer.get_or_init(|| global::tracer(scope::SQLX));
        let span = tracer
            .span_builder(statement.name.clone())
            .with_kind(SpanKind::Client)
            .with_attributes(statement.at_start());
        let span = tracer.build_with_context(span, parent);
        Query::new(Arc::clone(self), statement, parent.with_span(span))
    }

    /// Begins to wait for a connection.
    pub(super) fn wait(self: &Arc<Self>) -> Waiting {
        self.instruments().waits();
        Waiting {
            queries: Arc::clone(self),
            since: Instant::now(),
        }
    }
}

impl fmt::Debug for Queries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queries")
            .field("pool_name", &self.pool_name)
            .finish_non_exhaustive()
    }
}

// === impl Waiting ===

impl Waiting {
    /// The connection is there. How long that took.
    pub(super) fn over(self) -> Duration {
        let waited = self.since.elapsed();
        self.queries.instruments().waited(waited);
        waited
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.queries.instruments().waits_no_more();
    }
}
