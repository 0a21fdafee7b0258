//! What the queries of one pool have in common.

use super::{
    described::{Described, Statements},
    detached::{self, Detached},
    metrics::{Connections, Instruments, Pending},
    name::PoolName,
    query::Query,
    system::System,
};
use crate::late::LateTracer;
use opentelemetry::{
    Context,
    global::{self, BoxedTracer},
    metrics::Meter,
    trace::SpanKind,
};
use sqlx::Pool;
use std::{
    fmt,
    sync::{Arc, OnceLock, Weak},
    time::{Duration, Instant},
};
use throughline_core::names::scope;
use tracing::{Dispatch, dispatcher, subscriber::NoSubscriber};

/// What the queries of one pool have in common.
pub(super) struct Queries {
    tracer: LateTracer,
    /// In place of the global one, which is asked for once there is a tracer.
    meter: Option<Meter>,
    instruments: OnceLock<Instruments>,
    /// What sqlx runs under: made of the current subscriber, once there is one.
    subscriber: OnceLock<Dispatch>,
    statements: Statements,
    system_name: &'static str,
    pool_name: Arc<PoolName>,
    pool: Weak<dyn Connections>,
}

/// A request for a connection that is not there yet. Dropped, it was given up.
#[derive(Debug)]
pub(super) struct Waiting {
    queries: Arc<Queries>,
    since: Instant,
    _pending: Option<Pending>,
}

// === impl Queries ===

impl Queries {
    pub(super) fn new<DB: System>(pool: &Arc<Pool<DB>>) -> Self {
        let options = pool.connect_options();
        let place = DB::place(&options);
        let weak = Arc::downgrade(pool);
        Self {
            tracer: LateTracer::global(scope::SQLX),
            meter: None,
            instruments: OnceLock::new(),
            subscriber: OnceLock::new(),
            statements: Statements::new(place.dialect, place.attributes()),
            system_name: place.system_name(),
            pool_name: Arc::new(PoolName::claim(&place.pool_name())),
            pool: weak,
        }
    }

    /// The same as at the beginning.
    pub(super) fn afresh(&self) -> Self {
        Self {
            tracer: LateTracer::global(scope::SQLX),
            meter: None,
            instruments: OnceLock::new(),
            subscriber: OnceLock::new(),
            statements: self.statements.afresh(),
            system_name: self.system_name,
            pool_name: Arc::clone(&self.pool_name),
            pool: Weak::clone(&self.pool),
        }
    }

    /// With this tracer in place of the global provider's.
    pub(super) fn with_tracer(self, tracer: BoxedTracer) -> Self {
        Self {
            tracer: LateTracer::given(scope::SQLX, tracer),
            ..self
        }
    }

    /// With this name of the pool, or the next like it.
    pub(super) fn with_name(self, name: &str) -> Self {
        if self.pool_name.as_str() == name {
            return self;
        }
        let pool_name = Arc::new(PoolName::claim(name));
        Self { pool_name, ..self }
    }

    /// With this meter in place of the global provider's.
    pub(super) fn with_meter(self, meter: &Meter) -> Self {
        Self {
            meter: Some(meter.clone()),
            ..self
        }
    }

    pub(super) fn system_name(&self) -> &'static str {
        self.system_name
    }

    /// None before telemetry is installed.
    pub(super) fn instruments(&self) -> Option<&Instruments> {
        if self.meter.is_none() && !self.tracer.is_there() {
            return None;
        }
        Some(self.instruments.get_or_init(|| {
            let meter = self.meter.clone();
            let meter = meter.unwrap_or_else(|| global::meter(scope::SQLX));
            Instruments::new(&meter, self.pool_name.as_str(), &self.pool)
        }))
    }

    /// There was no connection in time.
    pub(super) fn timed_out(&self) {
        if let Some(instruments) = self.instruments() {
            instruments.timed_out();
        }
    }

    /// Makes what sqlx does, so that it does not see the caller's `tracing` span.
    pub(super) fn detach<T>(&self, make: impl FnOnce() -> T) -> Detached<T> {
        self.with_subscriber(|subscriber| Detached::new(subscriber, make))
    }

    /// Runs sqlx, so that it does not see the caller's `tracing` span.
    pub(super) fn out_of_sight<T>(&self, sqlx: impl FnOnce() -> T) -> T {
        self.with_subscriber(|subscriber| dispatcher::with_default(subscriber, sqlx))
    }

    fn with_subscriber<T>(&self, f: impl FnOnce(&Dispatch) -> T) -> T {
        match self.subscriber.get() {
            Some(subscriber) => f(subscriber),
            None if dispatcher::get_default(Dispatch::is::<NoSubscriber>) => f(&Dispatch::none()),
            None => f(self.subscriber.get_or_init(detached::without_span)),
        }
    }

    /// Starts the span of a query, in the current context.
    pub(super) fn query(self: &Arc<Self>, sql: &str) -> Query {
        self.query_in(&Context::current(), sql)
    }

    /// Starts the span of a query as a child of `parent`'s.
    pub(super) fn query_in(self: &Arc<Self>, parent: &Context, sql: &str) -> Query {
        self.query_of(parent, self.describe(sql))
    }

    pub(super) fn describe(&self, sql: &str) -> Arc<Described> {
        self.statements.describe(sql)
    }

    /// Starts the span of a query whose text is described.
    pub(super) fn query_of(self: &Arc<Self>, parent: &Context, statement: Arc<Described>) -> Query {
        let (name, attributes) = (&statement.name, &statement.attributes);
        let tracer = &self.tracer;
        let context = tracer.start(name, SpanKind::Client, parent, |span| {
            span.repeat(attributes);
        });
        Query::new(Arc::clone(self), statement, context)
    }

    /// Begins to wait for a connection.
    pub(super) fn wait(self: &Arc<Self>) -> Waiting {
        Waiting {
            _pending: self.instruments().map(Instruments::waits),
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
        if let Some(instruments) = self.queries.instruments() {
            instruments.waited(waited);
        }
        waited
    }
}
