//! The metrics of a pool: how long its queries take, and how busy it is.

use opentelemetry::{
    KeyValue,
    metrics::{BoundHistogram, Counter, Histogram, Meter, ObservableUpDownCounter},
};
use sqlx::{Database, Pool};
use std::{
    sync::{
        Arc, OnceLock, Weak,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};
use throughline_core::names::db;

/// The buckets of `db.client.operation.duration` that the conventions ask for, in seconds.
const SECONDS: [f64; 9] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0];

/// A pool, as far as its metrics look at it.
pub(super) trait Connections: Send + Sync {
    /// Open connections, and how many of them are idle.
    fn open_and_idle(&self) -> (u32, u32);
    /// How many there may be.
    fn max(&self) -> u32;
}

/// The instruments of one pool.
#[derive(Debug)]
pub(super) struct Instruments {
    duration: Histogram<f64>,
    wait_time: Histogram<f64>,
    waits: Series,
    /// Requests for a connection that wait.
    pending: Arc<AtomicI64>,
    timeouts: Counter<u64>,
    pool_name: [KeyValue; 1],
    _observed: [ObservableUpDownCounter<i64>; 3],
}

/// One series of a histogram of durations, which is found once. It is bound when it was measured: what is bound is
/// exported, even if nothing ever was measured.
#[derive(Debug, Default)]
pub(super) struct Series(OnceLock<BoundHistogram<f64>>);

/// A request for a connection, counted until it is dropped.
#[derive(Debug)]
pub(super) struct Pending(Arc<AtomicI64>);

impl<DB: Database> Connections for Pool<DB> {
    fn open_and_idle(&self) -> (u32, u32) {
        let open = self.size();
        let idle = u32::try_from(self.num_idle()).unwrap_or(u32::MAX);
        // The two are not read at one moment.
        (open, idle.min(open))
    }

    fn max(&self) -> u32 {
        self.options().get_max_connections()
    }
}

// === impl Instruments ===

impl Instruments {
    /// A pool that is gone is not measured any more: nothing here keeps it open.
    pub(super) fn new(meter: &Meter, pool_name: &str, pool: &Weak<dyn Connections>) -> Self {
        let histogram = |name, description| {
            let histogram = meter.f64_histogram(name).with_unit("s");
            let histogram = histogram.with_description(description);
            histogram.with_boundaries(SECONDS.to_vec()).build()
        };
        let pending = Arc::<AtomicI64>::default();
        Self {
            duration: histogram(
                db::OPERATION_DURATION,
                "Duration of database client operations.",
            ),
            wait_time: histogram(
                db::CONNECTION_WAIT_TIME,
                "The time it took to obtain an open connection from the pool.",
            ),
            waits: Series::default(),
            _observed: [
                count(meter, pool_name, pool.clone()),
                max(meter, pool_name, pool.clone()),
                waiting(meter, pool_name, Arc::downgrade(&pending)),
            ],
            pending,
            timeouts: meter
                .u64_counter(db::CONNECTION_TIMEOUTS)
                .with_unit("{timeout}")
                .with_description("Connection timeouts that occurred trying to obtain one.")
                .build(),
            pool_name: [KeyValue::new(
                db::CONNECTION_POOL_NAME,
                pool_name.to_owned(),
            )],
        }
    }

    /// One operation that was successful, from the call to the last row.
    pub(super) fn operation(&self, duration: Duration, series: &Series, attributes: &[KeyValue]) {
        series.record(&self.duration, duration, attributes);
    }

    /// One that was not. Every attribute is to have few values.
    pub(super) fn failed(&self, duration: Duration, attributes: &[KeyValue]) {
        self.duration.record(duration.as_secs_f64(), attributes);
    }

    pub(super) fn waits(&self) -> Pending {
        self.pending.fetch_add(1, Ordering::Relaxed);
        Pending(Arc::clone(&self.pending))
    }

    pub(super) fn waited(&self, duration: Duration) {
        let waits = &self.waits;
        waits.record(&self.wait_time, duration, &self.pool_name);
    }

    pub(super) fn timed_out(&self) {
        self.timeouts.add(1, &self.pool_name);
    }
}

// === impl Series ===

impl Series {
    fn record(&self, histogram: &Histogram<f64>, duration: Duration, attributes: &[KeyValue]) {
        let seconds = duration.as_secs_f64();
        if let Some(bound) = self.0.get() {
            bound.record(seconds);
        } else {
            histogram.record(seconds, attributes);
            self.0.get_or_init(|| histogram.bind(attributes));
        }
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn count(meter: &Meter, name: &str, pool: Weak<dyn Connections>) -> ObservableUpDownCounter<i64> {
    let state = |state: &'static str| {
        [
            KeyValue::new(db::CONNECTION_POOL_NAME, name.to_owned()),
            KeyValue::new(db::CONNECTION_STATE, state),
        ]
    };
    let (idle_state, used_state) = (state("idle"), state("used"));
    meter
        .i64_observable_up_down_counter(db::CONNECTION_COUNT)
        .with_unit("{connection}")
        .with_description("The number of connections that are currently in the state.")
        .with_callback(move |observer| {
            if let Some(pool) = pool.upgrade() {
                let (open, idle) = pool.open_and_idle();
                observer.observe(i64::from(idle), &idle_state);
                observer.observe(i64::from(open - idle), &used_state);
            }
        })
        .build()
}

fn max(meter: &Meter, name: &str, pool: Weak<dyn Connections>) -> ObservableUpDownCounter<i64> {
    let name = [KeyValue::new(db::CONNECTION_POOL_NAME, name.to_owned())];
    meter
        .i64_observable_up_down_counter(db::CONNECTION_MAX)
        .with_unit("{connection}")
        .with_description("The maximum number of open connections allowed.")
        .with_callback(move |observer| {
            if let Some(pool) = pool.upgrade() {
                observer.observe(i64::from(pool.max()), &name);
            }
        })
        .build()
}

/// Counted where it happens, and told when metrics are collected: each query waits, if only for a moment.
fn waiting(meter: &Meter, name: &str, pending: Weak<AtomicI64>) -> ObservableUpDownCounter<i64> {
    let name = [KeyValue::new(db::CONNECTION_POOL_NAME, name.to_owned())];
    meter
        .i64_observable_up_down_counter(db::CONNECTION_PENDING_REQUESTS)
        .with_unit("{request}")
        .with_description("The number of current pending requests for an open connection.")
        .with_callback(move |observer| {
            if let Some(pending) = pending.upgrade() {
                observer.observe(pending.load(Ordering::Relaxed), &name);
            }
        })
        .build()
}
