//! Metrics: the API's instruments, aggregated in the page; what has changed is exported on an interval, and when the page
//! is hidden.
//!
//! Temporality is that of the preference `delta`: counters and histograms say what was added since the last collection,
//! up-down counters how much there is. A data point is sent if something was recorded in it, so an idle page sends nothing.

mod attributes;
mod description;
mod stream;
#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;
mod write;

use std::borrow::Cow;
use std::cell::RefCell;
use std::mem;
use std::sync::Arc;
use std::time::Duration;

use opentelemetry::metrics::{
    self, AsyncInstrument, AsyncInstrumentBuilder, Counter, Gauge, Histogram, HistogramBuilder,
    InstrumentBuilder, InstrumentProvider, ObservableCounter, ObservableGauge,
    ObservableUpDownCounter, SyncInstrument, UpDownCounter,
};
use opentelemetry::{InstrumentationScope, KeyValue, global};
use throughline_core::otlp;

use self::description::{Description, Kind};
use self::stream::Streams;
use crate::export::{self, Scope, Signal};
use crate::{clock, consent, limits, page};

/// How long there is between two collections: that of the specification (`OTEL_METRIC_EXPORT_INTERVAL`).
pub(crate) const INTERVAL: Duration = Duration::from_secs(60);
/// The shortest interval: a page has other things to do.
const MIN_INTERVAL_MILLIS: f64 = 1000.0;
/// The longest that `setInterval` can have.
const MAX_INTERVAL_MILLIS: f64 = i32::MAX as f64;
/// Callbacks of observable instruments, all together. The API has no way to take one back.
const MAX_CALLBACKS: usize = 256;

/// What `opentelemetry::global` gives out meters from.
struct MeterProvider;

/// Makes instruments under one instrumentation scope.
struct Meter {
    /// An encoded scope.
    scope: Scope,
}

/// A stream of this thread by its number; no stream's number if it cannot be.
#[derive(Clone, Copy)]
struct Instrument(usize);

struct State {
    streams: Streams,
    /// Those of an observable instrument are one here.
    callbacks: Vec<Box<dyn Fn()>>,
    /// How many they are.
    callback_count: usize,
}

thread_local! {
    static STATE: RefCell<State> = const { RefCell::new(State::NEW) };
}

/// From now on there are meters, and collections.
pub(crate) fn install(interval: Duration) {
    global::set_meter_provider(MeterProvider);
    let every = interval.as_secs_f64() * 1e3;
    let every = every.clamp(MIN_INTERVAL_MILLIS, MAX_INTERVAL_MILLIS);
    let collect = page::calling(collect);
    drop(page::call(&js_sys::global(), "setInterval", collect, every));
}

/// Hands over what was recorded since the last collection.
pub(crate) fn collect() {
    if !consent::is_given() {
        return;
    }
    // Taken out while they are called: they may record, make instruments, and even ask for a collection.
    let mut callbacks = state(|it| mem::take(&mut it.callbacks)).unwrap_or_default();
    for callback in &callbacks {
        callback();
    }
    let now = clock::anchor().now();
    let items = state(|it| {
        callbacks.append(&mut it.callbacks);
        it.callbacks = callbacks;
        it.streams.collect(now)
    });
    for item in items.unwrap_or_default() {
        export::record(Signal::Metrics, item, clock::monotonic_nanos());
    }
}

/// Drops what has not been collected.
pub(crate) fn forget() {
    state(|it| it.streams.forget(clock::anchor().now()));
}

#[inline(never)]
fn record(Instrument(index): Instrument, value: f64, attributes: &[KeyValue]) {
    if consent::is_given() {
        state(|it| it.streams.record(index, value, attributes));
    }
}

/// Nothing where there is no state any more (`try_with`): an instrument may be used in a destructor.
fn state<T>(f: impl FnOnce(&mut State) -> T) -> Option<T> {
    STATE
        .try_with(|state| state.try_borrow_mut().ok().map(|mut it| f(&mut it)))
        .ok()
        .flatten()
}

// === impl State ===

impl State {
    const NEW: Self = Self {
        streams: Streams::NEW,
        callbacks: Vec::new(),
        callback_count: 0,
    };
}

// === impl MeterProvider ===

impl metrics::MeterProvider for MeterProvider {
    fn meter_with_scope(&self, scope: InstrumentationScope) -> metrics::Meter {
        metrics::Meter::new(Arc::new(Meter {
            scope: otlp::scope(&scope, limits::get().attributes.value_bytes).into(),
        }))
    }
}

// === impl Meter ===

type Text = Cow<'static, str>;

// The builders of the API are of as many types as there are instruments, but all the same in bytes: the functions that are
// generic here are one each in what the page loads.
impl Meter {
    #[inline(never)]
    fn instrument<T>(&self, kind: Kind, it: InstrumentBuilder<'_, T>) -> Arc<Instrument> {
        Arc::new(self.create(kind, it.name, [it.unit, it.description], None))
    }

    #[inline(never)]
    fn histogram<T>(&self, it: HistogramBuilder<'_, T>) -> Arc<Instrument> {
        let texts = [it.unit, it.description];
        Arc::new(self.create(Kind::HISTOGRAM, it.name, texts, it.boundaries))
    }

    #[inline(never)]
    fn observable<I, T: 'static>(&self, kind: Kind, it: AsyncInstrumentBuilder<'_, I, T>)
    where
        Instrument: AsyncInstrument<T>,
    {
        let texts = [it.unit, it.description];
        let instrument = self.create(kind.observable(), it.name, texts, None);
        let callbacks = it.callbacks;
        if callbacks.is_empty() {
            return;
        }
        let count = callbacks.len();
        let ask = move || {
            for callback in &callbacks {
                callback(&instrument);
            }
        };
        call(count, Box::new(ask));
    }

    /// The instrument of this description, shared with whoever described it so before.
    #[inline(never)]
    fn create(
        &self,
        kind: Kind,
        name: Text,
        [unit, description]: [Option<Text>; 2],
        boundaries: Option<Vec<f64>>,
    ) -> Instrument {
        let description = Description {
            scope: Arc::clone(&self.scope),
            name,
            unit: unit.unwrap_or_default(),
            description: description.unwrap_or_default(),
            kind,
            boundaries,
        };
        let now = clock::anchor().now();
        let made = state(|it| it.streams.instrument(description, now));
        let (index, problem) = made.unwrap_or_default();
        if let Some(problem) = problem {
            page::warn(&problem);
        }
        Instrument(index.unwrap_or(usize::MAX))
    }
}

/// Calls this at each collection: so many callbacks.
#[inline(never)]
fn call(count: usize, callbacks: Box<dyn Fn()>) {
    let has_room = state(|it| {
        let count = it.callback_count.saturating_add(count);
        if count > MAX_CALLBACKS {
            return false;
        }
        it.callback_count = count;
        it.callbacks.push(callbacks);
        true
    });
    if has_room != Some(true) {
        page::warn("there are too many observable instruments");
    }
}

macro_rules! instruments {
    ($($method:ident: $kind:ident as $instrument:ident<$number:ty>;)*) => {$(
        fn $method(&self, it: InstrumentBuilder<'_, $instrument<$number>>) -> $instrument<$number> {
            $instrument::new(self.instrument(Kind::$kind, it))
        }
    )*};
}

macro_rules! histograms {
    ($($method:ident: $number:ty;)*) => {$(
        fn $method(&self, it: HistogramBuilder<'_, Histogram<$number>>) -> Histogram<$number> {
            Histogram::new(self.histogram(it))
        }
    )*};
}

macro_rules! observables {
    ($($method:ident: $kind:ident as $instrument:ident<$number:ty>;)*) => {$(
        fn $method(
            &self,
            it: AsyncInstrumentBuilder<'_, $instrument<$number>, $number>,
        ) -> $instrument<$number> {
            self.observable(Kind::$kind, it);
            $instrument::new()
        }
    )*};
}

impl InstrumentProvider for Meter {
    instruments! {
        u64_counter: COUNTER as Counter<u64>;
        f64_counter: F64_COUNTER as Counter<f64>;
        i64_up_down_counter: UP_DOWN_COUNTER as UpDownCounter<i64>;
        f64_up_down_counter: F64_UP_DOWN_COUNTER as UpDownCounter<f64>;
        u64_gauge: GAUGE as Gauge<u64>;
        i64_gauge: GAUGE as Gauge<i64>;
        f64_gauge: F64_GAUGE as Gauge<f64>;
    }
    histograms! {
        f64_histogram: f64;
        u64_histogram: u64;
    }
    observables! {
        u64_observable_counter: COUNTER as ObservableCounter<u64>;
        f64_observable_counter: F64_COUNTER as ObservableCounter<f64>;
        i64_observable_up_down_counter: UP_DOWN_COUNTER as ObservableUpDownCounter<i64>;
        f64_observable_up_down_counter: F64_UP_DOWN_COUNTER as ObservableUpDownCounter<f64>;
        u64_observable_gauge: GAUGE as ObservableGauge<u64>;
        i64_observable_gauge: GAUGE as ObservableGauge<i64>;
        f64_observable_gauge: F64_GAUGE as ObservableGauge<f64>;
    }
}

// === impl Instrument ===

macro_rules! numbers {
    ($($number:ty)*) => {$(
        impl SyncInstrument<$number> for Instrument {
            fn measure(&self, value: $number, attributes: &[KeyValue]) {
                record(*self, value as f64, attributes);
            }
        }

        impl AsyncInstrument<$number> for Instrument {
            fn observe(&self, value: $number, attributes: &[KeyValue]) {
                record(*self, value as f64, attributes);
            }
        }
    )*};
}

numbers!(u64 i64 f64);
