//! The thread that exports what one lane holds.
//!
//! It has a small tokio runtime of its own, so that it goes on while the application's runtime is busy, blocked in a
//! shutdown, or gone; and it runs with telemetry suppressed, so that an exporter's HTTP client is not traced.

use super::{Item, lane::Lane};
use crate::exporter::{AnyExporter, OwnRuntime};
use futures_core::future::BoxFuture;
use opentelemetry::Context;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use std::{sync::Arc, thread, time::Duration};
use throughline_core::pipeline::{Batch, BatchId, DropReason, Next, Outcome};
use tokio::time::{Instant, timeout_at};

/// How long an exporter may take to close, once everything is exported.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// An export that is under way.
struct Export<'a> {
    id: BatchId,
    deadline: Instant,
    result: BoxFuture<'a, OTelSdkResult>,
}

/// What the log was last told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Health {
    Exporting,
    Failing,
}

/// Says that the worker is gone when the thread ends, be it by a panic of the exporter.
struct Alive<T>(Arc<Lane<T>>);

/// Starts the thread.
pub(super) fn spawn<T: Item>(
    lane: Arc<Lane<T>>,
    runtime: OwnRuntime,
    exporter: Box<dyn AnyExporter<T>>,
) -> std::io::Result<()> {
    let run = move || {
        let alive = Alive(lane);
        let _untraced = Context::enter_telemetry_suppressed_scope();
        runtime.block_on(run(&alive.0, exporter.as_ref()));
        if let Err(error) = exporter.shutdown(CLOSE_TIMEOUT) {
            tracing::debug!(%error, exporter = exporter.name(), "an exporter did not close");
        }
    };
    thread::Builder::new()
        .name("throughline-export".to_owned())
        .spawn(run)?;
    Ok(())
}

/// Does what the pipeline says, until it says that it is done.
async fn run<T: Item>(lane: &Lane<T>, exporter: &dyn AnyExporter<T>) {
    let mut under_way: Option<Export<'_>> = None;
    let mut health = Health::Exporting;
    loop {
        let wake = match lane.poll() {
            Next::Done => return,
            Next::Wait(wake) => wake,
            Next::Export(batch) => {
                // An export that is still under way here has passed its deadline: it is given up.
                under_way = Some(Export::start(batch, lane, exporter));
                continue;
            }
        };
        let wake = wake.map(|at| lane.instant(at));
        let woken = async {
            match wake {
                Some(wake) => timeout_at(wake, lane.work()).await.unwrap_or(()),
                None => lane.work().await,
            }
        };
        let Some(export) = &mut under_way else {
            woken.await;
            continue;
        };
        tokio::select! {
            biased;
            result = timeout_at(export.deadline, &mut export.result) => {
                // Without a result it is late. The pipeline sees that by itself when it is polled.
                if let Ok(result) = &result {
                    lane.complete(export.id, outcome(result));
                }
                let result = result.unwrap_or_else(|late| Err(failure(&late)));
                health = health.after::<T>(&result, exporter);
                under_way = None;
            }
            () = woken => {}
        }
    }
}

fn failure(error: &impl std::error::Error) -> OTelSdkError {
    OTelSdkError::InternalFailure(error.to_string())
}

fn outcome(result: &OTelSdkResult) -> Outcome {
    match result {
        Ok(()) => Outcome::Exported { rejected: 0 },
        Err(OTelSdkError::AlreadyShutdown) => Outcome::Dropped(DropReason::Shutdown),
        // The SDK's error does not say whether another attempt may help: it is for people to read.
        Err(OTelSdkError::Timeout(_) | OTelSdkError::InternalFailure(_)) => {
            Outcome::Retry { after: None }
        }
    }
}

// === impl Export ===

impl<'a> Export<'a> {
    fn start<T: Item>(batch: Batch, lane: &Lane<T>, exporter: &'a dyn AnyExporter<T>) -> Self {
        Self {
            id: batch.id,
            deadline: lane.instant(batch.deadline()),
            result: exporter.export(lane.items(batch.id)),
        }
    }
}

// === impl Health ===

impl Health {
    /// Logs the first failure of a row, and the recovery: an outage is two lines, not two a second.
    fn after<T: Item>(self, result: &OTelSdkResult, exporter: &dyn AnyExporter<T>) -> Self {
        match (self, result) {
            (Self::Exporting, Err(error)) => {
                tracing::warn!(%error, exporter = exporter.name(), "{} cannot be exported, trying again", T::NAMES);
                Self::Failing
            }
            (Self::Failing, Ok(())) => {
                tracing::info!(
                    exporter = exporter.name(),
                    "{} are exported again",
                    T::NAMES
                );
                Self::Exporting
            }
            (unchanged, _) => unchanged,
        }
    }
}

impl<T> Drop for Alive<T> {
    fn drop(&mut self) {
        self.0.worker_gone();
    }
}
