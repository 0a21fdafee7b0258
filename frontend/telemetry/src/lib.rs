#![doc = include_str!("../README.md")]
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
mod export;
#[cfg(feature = "fetch")]
mod fetch;
mod ids;
mod interaction;
mod lifecycle;
mod limits;
#[cfg(feature = "logs")]
mod logs;
mod otlp;
mod page;
mod resource;
mod sampler;
#[cfg(feature = "session")]
mod session;
mod span;
mod tracer;

use opentelemetry::trace::TraceId;
pub use throughline_core::pipeline::{DropReason, Ledger};

pub use self::builder::{Builder, Telemetry, init};
pub use self::consent::{disable, enable, is_enabled};
pub use self::context::{Bind, Traced, bind, traced};
pub use self::export::{Credentials, Signal};
pub use self::limits::Limits;
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
    export::flush();
}
