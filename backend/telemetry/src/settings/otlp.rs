//! Where each signal goes: `OTEL_{TRACES,METRICS,LOGS}_EXPORTER` and `OTEL_EXPORTER_OTLP_*`.

use super::read::Reader;
use opentelemetry_sdk::metrics::Temporality;
use percent_encoding::percent_decode_str;
use std::{fmt, path::PathBuf, time::Duration};

/// One of the three kinds of telemetry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    Traces,
    Metrics,
    Logs,
}

/// Where a signal goes. Nowhere, by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Destinations {
    pub(crate) otlp: Option<Otlp>,
    pub(crate) console: bool,
}

/// A receiver of OTLP, and how it is spoken to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Otlp {
    pub(crate) url: String,
    pub(crate) protocol: Protocol,
    pub(crate) compression: Compression,
    pub(crate) headers: Headers,
    /// How long one request may take.
    pub(crate) timeout: Duration,
    pub(crate) tls: Tls,
    /// What a metric's values are told since.
    pub(crate) temporality: Temporality,
}

/// `OTEL_EXPORTER_OTLP_PROTOCOL`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Protocol {
    #[default]
    HttpProtobuf,
    Grpc,
}

/// `OTEL_EXPORTER_OTLP_COMPRESSION`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Compression {
    #[default]
    None,
    Gzip,
}

/// `OTEL_EXPORTER_OTLP_HEADERS`. They hold keys: they are printed by no one.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Headers(pub(crate) Vec<(String, String)>);

/// Files in PEM.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tls {
    /// `OTEL_EXPORTER_OTLP_CERTIFICATE`: who may have signed the receiver's certificate, in place of the system's list.
    pub(crate) authorities: Option<PathBuf>,
    /// `OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE`.
    pub(crate) client_certificate: Option<PathBuf>,
    /// `OTEL_EXPORTER_OTLP_CLIENT_KEY`.
    pub(crate) client_key: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Exporter {
    Otlp,
    Console,
    None,
}

/// The specification's default for `OTEL_EXPORTER_OTLP_TIMEOUT`.
const TIMEOUT: Duration = Duration::from_secs(10);

// === impl Signal ===

impl Signal {
    fn name(self) -> &'static str {
        match self {
            Self::Traces => "TRACES",
            Self::Metrics => "METRICS",
            Self::Logs => "LOGS",
        }
    }

    fn path(self) -> &'static str {
        match self {
            Self::Traces => "v1/traces",
            Self::Metrics => "v1/metrics",
            Self::Logs => "v1/logs",
        }
    }
}

// === impl Destinations ===

impl Destinations {
    /// Without `OTEL_*_EXPORTER`, a signal goes to the endpoint that is set, and nowhere if none is.
    pub(super) fn read(read: &Reader<'_>, signal: Signal) -> Self {
        let exporters = read.words(
            &format!("OTEL_{}_EXPORTER", signal.name()),
            &[
                ("otlp", Exporter::Otlp),
                ("console", Exporter::Console),
                ("none", Exporter::None),
            ],
        );
        let endpoint_is_set = endpoint(read, signal).is_some();
        let otlp = match &exporters {
            Some(exporters) => exporters.contains(&Exporter::Otlp),
            None => endpoint_is_set,
        };
        Self {
            otlp: otlp.then(|| Otlp::read(read, signal)),
            console: exporters.is_some_and(|it| it.contains(&Exporter::Console)),
        }
    }
}

// === impl Otlp ===

impl Otlp {
    fn read(read: &Reader<'_>, signal: Signal) -> Self {
        let of = |suffix| of_signal(read, signal, suffix);
        let protocol = named(
            read,
            signal,
            "PROTOCOL",
            &[
                ("http/protobuf", Protocol::HttpProtobuf),
                ("grpc", Protocol::Grpc),
            ],
        );
        let protocol = protocol.unwrap_or_default();
        let file = |suffix| of(suffix).map(|(_, path)| PathBuf::from(path));
        Self {
            url: url(endpoint(read, signal), signal, protocol),
            protocol,
            compression: named(
                read,
                signal,
                "COMPRESSION",
                &[("gzip", Compression::Gzip), ("none", Compression::None)],
            )
            .unwrap_or_default(),
            headers: of("HEADERS")
                .map(|(name, list)| Headers::parse(read, &name, &list))
                .unwrap_or_default(),
            timeout: of("TIMEOUT")
                .and_then(|(name, _)| read.milliseconds(&name, 1))
                .unwrap_or(TIMEOUT),
            tls: Tls {
                authorities: file("CERTIFICATE"),
                client_certificate: file("CLIENT_CERTIFICATE"),
                client_key: file("CLIENT_KEY"),
            },
            temporality: match signal {
                Signal::Metrics => temporality(read),
                Signal::Traces | Signal::Logs => Temporality::default(),
            },
        }
    }
}

enum Endpoint {
    /// For this signal: taken as it is.
    Own(String),
    /// For all signals: over HTTP, each has its path below.
    Base(String),
}

fn endpoint(read: &Reader<'_>, signal: Signal) -> Option<Endpoint> {
    let own = format!("OTEL_EXPORTER_OTLP_{}_ENDPOINT", signal.name());
    let base = || read.text("OTEL_EXPORTER_OTLP_ENDPOINT").map(Endpoint::Base);
    read.text(&own).map(Endpoint::Own).or_else(base)
}

fn url(endpoint: Option<Endpoint>, signal: Signal, protocol: Protocol) -> String {
    let http = |base: &str| format!("{}/{}", base.trim_end_matches('/'), signal.path());
    match (endpoint, protocol) {
        (Some(Endpoint::Own(url)), _) => url,
        (Some(Endpoint::Base(base)), Protocol::HttpProtobuf) => http(&base),
        (Some(Endpoint::Base(base)), Protocol::Grpc) => base,
        (None, Protocol::HttpProtobuf) => http("http://localhost:4318"),
        (None, Protocol::Grpc) => "http://localhost:4317".to_owned(),
    }
}

fn temporality(read: &Reader<'_>) -> Temporality {
    let name = "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE";
    let words = [
        ("cumulative", Temporality::Cumulative),
        ("delta", Temporality::Delta),
        ("lowmemory", Temporality::LowMemory),
    ];
    read.word(name, &words).unwrap_or_default()
}

/// The signal's own variable, else the one for all: its name, and its value.
fn of_signal(read: &Reader<'_>, signal: Signal, suffix: &str) -> Option<(String, String)> {
    let own = format!("OTEL_EXPORTER_OTLP_{}_{suffix}", signal.name());
    let all = format!("OTEL_EXPORTER_OTLP_{suffix}");
    [own, all]
        .into_iter()
        .find_map(|name| read.text(&name).map(|value| (name, value)))
}

fn named<T: Copy>(
    read: &Reader<'_>,
    signal: Signal,
    suffix: &str,
    words: &[(&str, T)],
) -> Option<T> {
    let (name, _) = of_signal(read, signal, suffix)?;
    read.word(&name, words)
}

// === impl Headers ===

impl Headers {
    /// `key=value,key=value`, values percent-encoded.
    fn parse(read: &Reader<'_>, name: &str, list: &str) -> Self {
        let mut headers = Vec::new();
        for pair in list.split(',').filter(|pair| !pair.trim().is_empty()) {
            let decoded = pair.split_once('=').and_then(|(key, value)| {
                let value = percent_decode_str(value.trim()).decode_utf8().ok()?;
                let key = key.trim().to_ascii_lowercase();
                let valid = http::HeaderName::try_from(key.as_str()).is_ok()
                    && http::HeaderValue::try_from(value.as_ref()).is_ok();
                valid.then(|| (key, value.into_owned()))
            });
            match decoded {
                Some(header) => headers.push(header),
                None => read.warn(format_args!("a header of {name}"), "`key=value` is wanted"),
            }
        }
        Self(headers)
    }
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} headers", self.0.len())
    }
}
