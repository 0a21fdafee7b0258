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

use js_sys::Function;
use opentelemetry::metrics::{
    self, AsyncInstrument, AsyncInstrumentBuilder, Callback, Counter, Gauge, Histogram,
    HistogramBuilder, InstrumentBuilder, InstrumentProvider, ObservableCounter, ObservableGauge,
    ObservableUpDownCounter, SyncInstrument, UpDownCounter,
};
use opentelemetry::{InstrumentationScope, KeyValue, global};
use web_sys::Window;

use self::description::{Description, Kind, Number};
use self::stream::Streams;
use crate::export::{self, Signal};
use crate::{clock, consent, limits, otlp, page};

/// How long there is between two collections: that of the specification (`OTEL_METRIC_EXPORT_INTERVAL`).
pub(crate) const INTERVAL: Duration = Duration::from_secs(60);
/// The shortest interval: a page has other things to do.
const MIN_INTERVAL_MILLIS: i32 = 1000;
/// Callbacks of observable instruments, all together. The API has no way to take one back.
const MAX_CALLBACKS: usize = 256;

/// What `opentelemetry::global` gives out meters from.
struct MeterProvider;

/// Makes instruments under one instrumentation scope.
struct Meter {
    /// An encoded scope.
    scope: crate::otlp::Scope,
}

/// A stream of this thread by its number; nothing if it cannot be.
#[derive(Clone, Copy)]
struct Instrument(Option<usize>);

#[derive(Default)]
struct State {
    streams: Streams,
    callbacks: Vec<Box<dyn Fn()>>,
}

thread_local! {
    static STATE: RefCell<State> = RefCell::default();
}

/// From now on there are meters, and collections.
pub(crate) fn install(window: &Window, interval: Duration) {
    global::set_meter_provider(MeterProvider);
    let every = i32::try_from(interval.as_millis()).unwrap_or(i32::MAX);
    let collect: Function = page::callback(collect);
    let set = window.set_interval_with_callback_and_timeout_and_arguments_0(
        &collect,
        every.max(MIN_INTERVAL_MILLIS),
    );
    if set.is_err() {
        page::warn("metrics are sent only when the page is hidden");
    }
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

fn record(instrument: Instrument, value: Number, attributes: &[KeyValue]) {
    if let Some(index) = instrument.0
        && consent::is_given()
    {
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

// === impl MeterProvider ===

impl metrics::MeterProvider for MeterProvider {
    fn meter_with_scope(&self, scope: InstrumentationScope) -> metrics::Meter {
        metrics::Meter::new(Arc::new(Meter {
            scope: otlp::scope(&scope).into(),
        }))
    }
}

// === impl Meter ===

type Text = Cow<'static, str>;

impl Meter {
    /// The instrument of this description, shared with whoever described it so before.
    fn create(
        &self,
        kind: Kind,
        [name, unit, description]: [Option<Text>; 3],
        boundaries: Option<Vec<f64>>,
    ) -> Instrument {
        let description = Description {
            scope: Arc::clone(&self.scope),
            name: name.unwrap_or_default(),
            unit: unit.unwrap_or_default(),
            description: description.unwrap_or_default(),
            kind,
            boundaries,
        };
        let now = clock::anchor().now();
        let mut text = String::from("the instrument ");
        text.push_str(otlp::cut(
            &description.name,
            limits::get().attribute_value_bytes,
        ));
        let made = state(|it| it.streams.instrument(description, now));
        let (index, problem) = made.unwrap_or_default();
        if let Some(problem) = problem {
            text.push_str(problem);
            page::warn(&text);
        }
        Instrument(index)
    }

    fn observe<T: 'static>(&self, instrument: Instrument, callbacks: Vec<Callback<T>>)
    where
        Instrument: AsyncInstrument<T>,
    {
        for callback in callbacks {
            self.call(Box::new(move || callback(&instrument)));
        }
    }

    #[expect(clippy::unused_self, reason = "a function of a meter")]
    fn call(&self, callback: Box<dyn Fn()>) {
        let has_room = state(|it| {
            let has_room = it.callbacks.len() < MAX_CALLBACKS;
            if has_room {
                it.callbacks.push(callback);
            }
            has_room
        });
        if has_room != Some(true) {
            page::warn("there are too many observable instruments");
        }
    }
}

macro_rules! instruments {
    ($($method:ident: $kind:ident as $instrument:ident<$number:ty>;)*) => {$(
        fn $method(&self, it: InstrumentBuilder<'_, $instrument<$number>>) -> $instrument<$number> {
            let texts = [Some(it.name), it.unit, it.description];
            $instrument::new(Arc::new(self.create(Kind::$kind, texts, None)))
        }
    )*};
}

macro_rules! histograms {
    ($($method:ident: $number:ty;)*) => {$(
        fn $method(&self, it: HistogramBuilder<'_, Histogram<$number>>) -> Histogram<$number> {
            let texts = [Some(it.name), it.unit, it.description];
            Histogram::new(Arc::new(self.create(Kind::HISTOGRAM, texts, it.boundaries)))
        }
    )*};
}

macro_rules! observables {
    ($($method:ident: $kind:ident as $instrument:ident<$number:ty>;)*) => {$(
        fn $method(
            &self,
            it: AsyncInstrumentBuilder<'_, $instrument<$number>, $number>,
        ) -> $instrument<$number> {
            let texts = [Some(it.name), it.unit, it.description];
            let instrument = self.create(Kind::$kind.observable(), texts, None);
            self.observe(instrument, it.callbacks);
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
                record(*self, value.into(), attributes);
            }
        }

        impl AsyncInstrument<$number> for Instrument {
            fn observe(&self, value: $number, attributes: &[KeyValue]) {
                record(*self, value.into(), attributes);
            }
        }
    )*};
}

numbers!(u64 i64 f64);
