//! The processors: what ends, or is written, is put into the pipeline of each exporter.
//!
//! `opentelemetry_sdk`'s own batch processors hide how much they dropped, lose a batch that failed, and ignore their
//! export timeout. These keep an account of every item ([`Ledger`]).

mod lane;
mod lanes;
mod logs;
mod worker;

pub(crate) use self::{
    lane::random,
    lanes::{Lanes, Route},
    logs::LogRecords,
};
use crate::{exporter::ScopedLog, trace::EncodedSpan};
use std::time::Duration;
use throughline_core::pipeline::Settings;

/// When telemetry leaves for an exporter.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Processing {
    /// In batches, with the limits of the specification or of the `OTEL_BSP_*` and `OTEL_BLRP_*` variables. What a
    /// server wants.
    #[default]
    Batch,
    /// In batches, with these limits: for example a short delay for a store in the same process.
    BatchWith(Settings),
    /// Each item by itself, as soon as it has ended: for debugging.
    Simple,
}

/// What lanes carry: shared by those of all exporters.
pub(crate) trait Item: Clone + Send + Sync + 'static {
    /// What many of them are called.
    const NAMES: &'static str;
    /// What one of them is called in the names of the SDK's own metrics.
    const METRIC: &'static str;
    /// Its unit there.
    const UNIT: &'static str;
}

impl Item for EncodedSpan {
    const NAMES: &'static str = "spans";
    const METRIC: &'static str = "span";
    const UNIT: &'static str = "{span}";
}

impl Item for ScopedLog {
    const NAMES: &'static str = "logs";
    const METRIC: &'static str = "log";
    const UNIT: &'static str = "{log_record}";
}

// === impl Processing ===

impl Processing {
    pub(crate) fn settings(self, batch: Settings) -> Settings {
        match self {
            Self::Batch => batch,
            Self::BatchWith(settings) => settings,
            Self::Simple => Settings {
                max_export_batch_size: 1,
                schedule_delay: Duration::ZERO,
                ..batch
            },
        }
    }
}
