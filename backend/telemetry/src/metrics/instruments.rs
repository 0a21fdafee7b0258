//! Instruments that take the attributes of their type, and no others.

use super::Attributes;
use opentelemetry::{global, metrics as api};
use std::{borrow::Cow, fmt, marker::PhantomData};

/// Makes instruments. The unit is one of UCUM (`s`, `By`, `{sign_in}`), the description a sentence.
#[derive(Clone, Debug)]
pub struct Meter(api::Meter);

/// Counts up.
pub struct Counter<A>(api::Counter<u64>, PhantomData<fn(A)>);

/// Counts up and down: what is open, running or waiting.
pub struct UpDownCounter<A>(api::UpDownCounter<i64>, PhantomData<fn(A)>);

/// The last value of what does not add up, such as a temperature.
pub struct Gauge<A>(api::Gauge<f64>, PhantomData<fn(A)>);

/// How values are distributed: durations in seconds, sizes in bytes.
pub struct Histogram<A>(api::Histogram<f64>, PhantomData<fn(A)>);

/// The meter of this scope, from the process's meter provider.
///
/// Call it after [`install`](crate::Builder::install), for example in a [`LazyLock`](std::sync::LazyLock): an instrument
/// that was made before never records.
pub fn meter(scope: &'static str) -> Meter {
    Meter(global::meter(scope))
}

// === impl Meter ===

impl Meter {
    /// The instruments of a meter that is not the process's: in tests.
    pub fn new(meter: api::Meter) -> Self {
        Self(meter)
    }

    /// OpenTelemetry's own meter, for what this one does not offer. Nothing but the limit holds attributes there.
    pub fn api(&self) -> &api::Meter {
        &self.0
    }

    /// A [`Counter`].
    pub fn counter<A: Attributes>(
        &self,
        name: impl Into<Cow<'static, str>>,
        unit: &'static str,
        description: &'static str,
    ) -> Counter<A> {
        let counter = self.0.u64_counter(name).with_unit(unit);
        Counter(counter.with_description(description).build(), PhantomData)
    }

    /// An [`UpDownCounter`].
    pub fn up_down_counter<A: Attributes>(
        &self,
        name: impl Into<Cow<'static, str>>,
        unit: &'static str,
        description: &'static str,
    ) -> UpDownCounter<A> {
        let counter = self.0.i64_up_down_counter(name).with_unit(unit);
        UpDownCounter(counter.with_description(description).build(), PhantomData)
    }

    /// A [`Gauge`].
    pub fn gauge<A: Attributes>(
        &self,
        name: impl Into<Cow<'static, str>>,
        unit: &'static str,
        description: &'static str,
    ) -> Gauge<A> {
        let gauge = self.0.f64_gauge(name).with_unit(unit);
        Gauge(gauge.with_description(description).build(), PhantomData)
    }

    /// A [`Histogram`] with these borders of its buckets, in rising order.
    pub fn histogram<A: Attributes>(
        &self,
        name: impl Into<Cow<'static, str>>,
        unit: &'static str,
        description: &'static str,
        boundaries: &[f64],
    ) -> Histogram<A> {
        let histogram = self.0.f64_histogram(name).with_unit(unit);
        let histogram = histogram.with_description(description);
        let histogram = histogram.with_boundaries(boundaries.to_vec());
        Histogram(histogram.build(), PhantomData)
    }

    /// A gauge whose value is asked for at each export, such as the number of active sessions. `value` is called on a
    /// thread of telemetry's, and must not block; none leaves the metric out.
    pub fn observed(
        &self,
        name: impl Into<Cow<'static, str>>,
        unit: &'static str,
        description: &'static str,
        value: impl Fn() -> Option<f64> + Send + Sync + 'static,
    ) {
        let gauge = self.0.f64_observable_gauge(name).with_unit(unit);
        let _registered = gauge
            .with_description(description)
            .with_callback(move |observer| {
                if let Some(value) = value() {
                    observer.observe(value, &[]);
                }
            })
            .build();
    }
}

// === impl Counter ===

impl<A: Attributes> Counter<A> {
    /// Counts `value` more.
    pub fn add(&self, value: u64, attributes: A) {
        self.0.add(value, attributes.pairs().as_ref());
    }
}

// === impl UpDownCounter ===

impl<A: Attributes> UpDownCounter<A> {
    /// Counts `value` more, or less if it is negative.
    pub fn add(&self, value: i64, attributes: A) {
        self.0.add(value, attributes.pairs().as_ref());
    }
}

// === impl Gauge ===

impl<A: Attributes> Gauge<A> {
    /// Sets the value.
    pub fn record(&self, value: f64, attributes: A) {
        self.0.record(value, attributes.pairs().as_ref());
    }
}

// === impl Histogram ===

impl<A: Attributes> Histogram<A> {
    /// Adds a value.
    pub fn record(&self, value: f64, attributes: A) {
        self.0.record(value, attributes.pairs().as_ref());
    }
}

macro_rules! shared {
    ($($name:ident),+) => {$(
        impl<A> Clone for $name<A> {
            fn clone(&self) -> Self {
                Self(self.0.clone(), PhantomData)
            }
        }

        impl<A> fmt::Debug for $name<A> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($name))
            }
        }
    )+};
}

shared!(Counter, UpDownCounter, Gauge, Histogram);
