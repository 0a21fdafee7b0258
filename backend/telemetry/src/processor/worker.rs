//! The thread that exports what one lane holds.
//!
//! It has a small tokio runtime of its own, so that it goes on while the application's runtime is busy, blocked in a
//! shutdown, or gone; and it runs with telemetry suppressed, so that an exporter's HTTP client is not traced.

use super::{Item, lane::Lane};
use crate::exporter::{AnyExporter, Ended, OwnRuntime};
use futures_core::future::BoxFuture;
use opentelemetry::Context;
use std::{sync::Arc, thread, time::Duration};
use throughline_core::pipeline::{Batch, BatchId, Next, Outcome};
use tokio::time::{Instant, timeout_at};

/// How long an exporter may take to close, once everything is exported.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// Between two lines of the log about how exports go.
const LOG_INTERVAL: Duration = Duration::from_secs(10);

/// An export that is under way.
struct Export<'a> {
    id: BatchId,
    deadline: Instant,
    ended: BoxFuture<'a, Ended>,
}

/// How exports go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Health {
    Exporting,
    /// Nothing gets there.
    Failing,
    /// The receiver does not want some of it, or all.
    Refused,
}

/// What the log was told last, and when.
#[derive(Debug)]
struct Told(Health, Option<Instant>);

/// Says that the worker is gone when the thread ends, be it by a panic of the exporter.
struct Alive<T: Clone>(Arc<Lane<T>>);

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
    let mut told = Told(Health::Exporting, None);
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
            ended = timeout_at(export.deadline, &mut export.ended) => {
                // Otherwise it is late. The pipeline sees that by itself when it is polled.
                if let Ok(ended) = &ended {
                    lane.complete(export.id, ended.outcome);
                }
                let ended = ended.unwrap_or_else(|late| Ended::retry(None, late.to_string()));
                told.hear::<T>(&ended, exporter);
                under_way = None;
            }
            () = woken => {}
        }
    }
}

// === impl Export ===

impl<'a> Export<'a> {
    fn start<T: Item>(batch: Batch, lane: &Lane<T>, exporter: &'a dyn AnyExporter<T>) -> Self {
        Self {
            id: batch.id,
            deadline: lane.instant(batch.deadline()),
            ended: exporter.export(lane.items(batch.id)),
        }
    }
}

// === impl Health ===

impl Health {
    fn of(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Retry { .. } => Self::Failing,
            Outcome::Dropped(_) | Outcome::Exported { rejected: 1.. } => Self::Refused,
            Outcome::Exported { rejected: 0 } | Outcome::Stored => Self::Exporting,
        }
    }
}

// === impl Told ===

impl Told {
    /// Logs a change: an outage is two lines, not two a second, also with a receiver that wavers.
    fn hear<T: Item>(&mut self, ended: &Ended, exporter: &dyn AnyExporter<T>) {
        let health = Health::of(ended.outcome);
        if health == self.0 || self.1.is_some_and(|at| at.elapsed() < LOG_INTERVAL) {
            return;
        }
        *self = Self(health, Some(Instant::now()));
        let (exporter, error, what) = (exporter.name(), ended.message.as_str(), T::NAMES);
        match (health, ended.outcome) {
            (Health::Exporting, _) => tracing::info!(exporter, "{what} are exported again"),
            (Health::Failing, _) => {
                tracing::warn!(error, exporter, "{what} cannot be exported, trying again");
            }
            (Health::Refused, Outcome::Exported { rejected }) => {
                tracing::warn!(error, exporter, rejected, "some {what} are refused");
            }
            (Health::Refused, _) => tracing::warn!(error, exporter, "{what} are lost"),
        }
    }
}

impl<T: Clone> Drop for Alive<T> {
    fn drop(&mut self) {
        self.0.worker_gone();
    }
}
