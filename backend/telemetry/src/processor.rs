//! The span processor: what ends is put into the pipeline of each exporter.
//!
//! `opentelemetry_sdk`'s own batch processor hides how many spans it dropped, loses a batch that failed, and ignores its
//! export timeout. This one keeps an account of every span ([`Ledger`]).

mod lane;
mod worker;

use self::lane::Lane;
use crate::exporter::AnyExporter;
use opentelemetry::Context;
use opentelemetry_sdk::{
    Resource,
    error::{OTelSdkError, OTelSdkResult},
    trace::{Span, SpanData, SpanProcessor},
};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use throughline_core::{
    limits,
    pipeline::{Ledger, Settings},
};

/// When spans leave for the exporters.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Processing {
    /// In batches, with the limits of the specification or of the `OTEL_BSP_*` variables. What a server wants.
    #[default]
    Batch,
    /// In batches, with these limits: for example a short delay for a store in the same process.
    BatchWith(Settings),
    /// Each span by itself, as soon as it has ended: for debugging.
    Simple,
}

/// Hands every span that has ended to each of its lanes: one pipeline, one thread, one exporter.
///
/// Lanes are independent: an exporter that hangs fills its own queue and no other.
#[derive(Clone, Debug)]
pub(crate) struct Processor {
    lanes: Arc<[Arc<Lane>]>,
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

// === impl Processor ===

impl Processor {
    /// Starts a thread for each exporter.
    pub(crate) fn start(
        exporters: Vec<(Settings, Box<dyn AnyExporter>)>,
        resource: &Resource,
    ) -> std::io::Result<Self> {
        let lanes = exporters.into_iter().map(|(settings, mut exporter)| {
            exporter.set_resource(resource);
            let lane = Arc::new(Lane::new(settings));
            worker::spawn(Arc::clone(&lane), exporter)?;
            Ok(lane)
        });
        let lanes = lanes.collect::<std::io::Result<_>>()?;
        Ok(Self { lanes })
    }

    /// The account of each exporter, in their order.
    pub(crate) fn ledgers(&self) -> Vec<Ledger> {
        self.lanes.iter().map(|lane| lane.ledger()).collect()
    }

    /// Waits until what has ended so far is exported or dropped. Blocks the thread.
    pub(crate) fn flush(&self, timeout: Duration) -> OTelSdkResult {
        let deadline = lane::after(Instant::now(), timeout);
        let marks: Vec<_> = self.lanes.iter().map(|lane| lane.flush()).collect();
        let settled = self
            .lanes
            .iter()
            .zip(marks)
            .all(|(lane, mark)| lane.wait_until_settled(mark, deadline));
        in_time(settled, timeout)
    }

    /// Exports what it can until the timeout, and drops the rest. Blocks the thread.
    pub(crate) fn shutdown(&self, timeout: Duration) -> OTelSdkResult {
        let deadline = lane::after(Instant::now(), timeout);
        self.lanes.iter().for_each(|lane| lane.shutdown(timeout));
        let mut lanes = self.lanes.iter();
        in_time(lanes.all(|lane| lane.wait_until_done(deadline)), timeout)
    }
}

impl SpanProcessor for Processor {
    fn on_start(&self, _span: &mut Span, _cx: &Context) {}

    fn on_end(&self, span: SpanData) {
        if !span.span_context.is_sampled() {
            return;
        }
        let span = Arc::new(span);
        for lane in self.lanes.iter() {
            lane.push(Arc::clone(&span));
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.flush(limits::EXPORT_TIMEOUT)
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.shutdown(timeout)
    }
}

fn in_time(all: bool, timeout: Duration) -> OTelSdkResult {
    if all {
        Ok(())
    } else {
        Err(OTelSdkError::Timeout(timeout))
    }
}
