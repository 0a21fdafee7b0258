//! The meter provider: its readers, its views, and its end.

use crate::exporter::{ConsoleMetrics, Driven, OwnRuntime};
use opentelemetry::{
    KeyValue,
    metrics::{Meter, MeterProvider},
};
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    metrics::{
        Instrument, MeterProviderBuilder, PeriodicReader, SdkMeterProvider, Stream,
        exporter::PushMetricExporter,
    },
};
use std::{fmt, io, sync::mpsc, thread, time::Duration};

/// How often metrics are exported without `OTEL_METRIC_EXPORT_INTERVAL`: the specification's default.
const INTERVAL: Duration = Duration::from_secs(60);
/// How long one export may take without `OTEL_METRIC_EXPORT_TIMEOUT`: the specification's default.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The scope of the instruments that this crate observes by itself.
const SCOPE: &str = "throughline-instrument";

/// What the scopes of this crate's instruments begin with.
const OWN_SCOPES: &str = "throughline";

/// How many sets of attributes they keep apart: there are as many as there are routes and queries, which is bounded, but
/// often more than an application's metrics should have. The SDK's default.
const OWN_CARDINALITY_LIMIT: usize = 2000;

type View = Box<dyn Fn(&Instrument) -> Option<Stream> + Send + Sync>;
type AddReader =
    Box<dyn FnOnce(MeterProviderBuilder, Times) -> io::Result<MeterProviderBuilder> + Send>;

#[derive(Clone, Copy, Debug)]
struct Times {
    interval: Duration,
    timeout: Duration,
}

/// What metrics are exported by, as it is set up.
pub(crate) struct Readers {
    readers: Vec<AddReader>,
    views: Vec<View>,
    pub(crate) cardinality_limit: usize,
}

/// The meter provider. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Metrics {
    pub(crate) provider: SdkMeterProvider,
}

// === impl Readers ===

impl Default for Readers {
    fn default() -> Self {
        Self {
            readers: Vec::new(),
            views: Vec::new(),
            cardinality_limit: crate::CARDINALITY_LIMIT,
        }
    }
}

impl Readers {
    pub(crate) fn push(&mut self, exporter: impl PushMetricExporter) {
        self.readers.push(Box::new(move |builder, times| {
            let runtime = OwnRuntime::new()?;
            Ok(add(builder, exporter, runtime, times))
        }));
    }

    pub(crate) fn push_console(&mut self) {
        self.push(ConsoleMetrics);
    }

    pub(crate) fn view(&mut self, view: View) {
        self.views.push(view);
    }

    /// The provider. Views are asked in the order in which they were given; the first answer counts.
    pub(crate) fn build(
        self,
        resource: Resource,
        interval: Option<Duration>,
        timeout: Option<Duration>,
    ) -> io::Result<Metrics> {
        let times = Times {
            interval: interval.unwrap_or(INTERVAL),
            timeout: timeout.unwrap_or(TIMEOUT),
        };
        let (views, limit) = (self.views, self.cardinality_limit);
        // The SDK makes a stream for each view that answers: one view, so that there is one stream.
        let view = move |instrument: &Instrument| {
            let mut given = views.iter().filter_map(|view| view(instrument));
            let is_own = instrument.scope().name().starts_with(OWN_SCOPES);
            let limit = if is_own { OWN_CARDINALITY_LIMIT } else { limit };
            given.next().or_else(|| limited(limit))
        };
        let builder = SdkMeterProvider::builder()
            .with_resource(resource)
            .with_view(view);
        let builder = self
            .readers
            .into_iter()
            .try_fold(builder, |builder, add| add(builder, times))?;
        Ok(Metrics {
            provider: builder.build(),
        })
    }
}

impl fmt::Debug for Readers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Readers")
            .field("readers", &self.readers.len())
            .field("views", &self.views.len())
            .field("cardinality_limit", &self.cardinality_limit)
            .finish()
    }
}

fn add(
    builder: MeterProviderBuilder,
    exporter: impl PushMetricExporter,
    runtime: OwnRuntime,
    times: Times,
) -> MeterProviderBuilder {
    let exporter = Driven::new(exporter, runtime, times.timeout);
    let reader = PeriodicReader::builder(exporter)
        .with_interval(times.interval)
        .build();
    builder.with_reader(reader)
}

fn limited(limit: usize) -> Option<Stream> {
    Stream::builder().with_cardinality_limit(limit).build().ok()
}

// === impl Metrics ===

impl Metrics {
    /// The meter for what this crate observes by itself.
    pub(crate) fn own_meter(&self) -> Meter {
        self.provider.meter(SCOPE)
    }

    /// Exports now. Blocks the thread, for the timeout at most. Whether it was in time.
    pub(crate) fn flush(&self, timeout: Duration) -> bool {
        self.within(timeout, SdkMeterProvider::force_flush)
    }

    /// Exports a last time, and ends. Blocks the thread, for the timeout at most.
    pub(crate) fn shutdown(&self, timeout: Duration) -> bool {
        self.within(timeout, SdkMeterProvider::shutdown)
    }

    /// The SDK's reader has a timeout of its own choice: who is left waiting is a thread that nobody needs.
    fn within(&self, timeout: Duration, end: fn(&SdkMeterProvider) -> OTelSdkResult) -> bool {
        let provider = self.provider.clone();
        let (done, result) = mpsc::channel();
        let started = thread::Builder::new()
            .name("throughline-metrics".to_owned())
            .spawn(move || {
                let _nobody_waits = done.send(end(&provider).is_ok());
            });
        started.is_ok() && result.recv_timeout(timeout).unwrap_or(false)
    }
}

/// One attribute.
pub(super) fn pair(key: &'static str, value: &'static str) -> KeyValue {
    KeyValue::new(key, value)
}
