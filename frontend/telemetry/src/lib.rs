#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )
)]

mod builder;
mod clock;
mod common;
mod config;
mod consent;
mod context;
#[cfg(feature = "document-load")]
mod document;
#[cfg(feature = "errors")]
mod errors;
mod export;
#[cfg(feature = "fetch")]
mod fetch;
#[cfg(feature = "long-animation-frames")]
mod frames;
#[cfg(any(feature = "fetch", feature = "xhr"))]
mod http;
mod ids;
// Spans that the application makes have roots, too, and tasks carry them on.
#[cfg_attr(
    not(feature = "interaction"),
    allow(dead_code, reason = "what observes the page")
)]
mod interaction;
mod lifecycle;
mod limits;
#[cfg(feature = "logs")]
mod logs;
#[cfg(feature = "metrics")]
mod metrics;
#[cfg(feature = "navigation")]
mod navigation;
mod page;
#[cfg(any(
    feature = "document-load",
    feature = "navigation",
    feature = "resource-timing",
    feature = "web-vitals",
    feature = "long-animation-frames"
))]
mod performance;
mod resource;
mod sampler;
#[cfg(feature = "session")]
mod session;
mod span;
mod tracer;
#[cfg(feature = "web-vitals")]
mod vitals;
#[cfg(feature = "xhr")]
mod xhr;

use opentelemetry::trace::TraceId;
pub use throughline_core::pipeline::{DropReason, Ledger};

pub use self::builder::{Builder, Telemetry, init};
pub use self::consent::is_enabled;
#[cfg(feature = "leptos")]
pub use self::context::traced_source;
pub use self::context::{Bind, Traced, bind, spawn_local, traced};
#[cfg(feature = "errors")]
pub use self::errors::record_error;
pub use self::export::{Credentials, Signal};
pub use self::lifecycle::{disable, enable};
pub use self::limits::Limits;
#[cfg(feature = "logs")]
pub use self::logs::{LogRecord, Logger, LoggerProvider, logger_provider};
#[cfg(feature = "tracing")]
pub use self::logs::{TracingLayer, tracing_layer};
pub use self::sampler::Sampler;
#[cfg(feature = "session")]
pub use self::session::{Session, clear_user, set_user};

/// The trace of the last interaction, for a link to it or for a report to whoever helps.
pub fn last_trace_id() -> Option<TraceId> {
    interaction::last_trace_id()
}

/// What became of every span so far: exported, on its way, waiting, or dropped, and why.
pub fn ledger() -> Ledger {
    export::ledger(Signal::Traces)
}

/// What became of every item of one signal so far. Those of metrics are the metrics of each collection.
pub fn ledger_of(signal: Signal) -> Ledger {
    export::ledger(signal)
}

/// Sends what waits, without waiting for more. [`ledger`] tells when it has arrived.
pub fn flush() {
    lifecycle::flush();
}

/// Removes what is kept in the browser because it could not be sent, without sending it: at sign-out, say. It counts as
/// dropped for [`DropReason::Disabled`].
#[cfg(feature = "offline")]
pub fn clear_stored() {
    export::offline::forget();
}
