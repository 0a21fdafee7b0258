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
mod context;
mod export;
mod fetch;
mod http;
mod ids;
mod interaction;
mod lifecycle;
mod page;
mod resource;
mod span;
mod tracer;
#[cfg(feature = "xhr")]
mod xhr;

use opentelemetry::trace::TraceId;
pub use throughline_core::pipeline::{DropReason, Ledger};

pub use self::builder::{Builder, Telemetry, init};
pub use self::context::{Bind, Traced, bind, traced};

/// The trace of the last interaction, for a link to it or for a report to whoever helps.
pub fn last_trace_id() -> Option<TraceId> {
    interaction::last_trace_id()
}

/// What became of every span so far: exported, on its way, waiting, or dropped, and why.
pub fn ledger() -> Ledger {
    export::ledger()
}

/// Sends the spans that wait, without waiting for more. [`ledger`] tells when they have arrived.
pub fn flush() {
    export::flush();
}
