//! One exporter's pipeline, shared by the threads that make telemetry and the one that exports them.

use parking_lot::{Condvar, Mutex};
use std::time::{Duration, Instant};
use throughline_core::pipeline::{
    BatchId, Ledger, Mark, Next, Outcome, Pipeline, Pushed, Settings,
};
use tokio::sync::Notify;

/// A pipeline behind a lock that is only ever held for moments: never while something is exported.
#[derive(Debug)]
pub(super) struct Lane<T> {
    /// Items that the queue holds at most.
    pub(super) capacity: usize,
    /// What the pipeline's clock counts from.
    origin: Instant,
    state: Mutex<State<T>>,
    /// Something for the worker to do.
    work: Notify,
    /// Something for those who wait for the worker to look at.
    progress: Condvar,
}

#[derive(Debug)]
struct State<T> {
    pipeline: Pipeline<T>,
    worker: Worker,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Worker {
    Running,
    Gone,
}

// === impl Lane ===

impl<T: Clone> Lane<T> {
    pub(super) fn new(settings: Settings) -> Self {
        Self {
            capacity: settings.max_queue_size,
            origin: Instant::now(),
            state: Mutex::new(State {
                pipeline: Pipeline::new(settings),
                worker: Worker::Running,
            }),
            work: Notify::new(),
            progress: Condvar::new(),
        }
    }

    pub(super) fn ledger(&self) -> Ledger {
        self.state.lock().pipeline.ledger()
    }

    pub(super) fn push(&self, item: T) {
        let now = self.now();
        let pushed = self.state.lock().pipeline.push(item, now);
        if pushed == Pushed::Wake {
            self.work.notify_one();
        }
    }

    pub(super) fn flush(&self) -> Mark {
        let now = self.now();
        let mark = self.state.lock().pipeline.flush(now);
        self.work.notify_one();
        mark
    }

    pub(super) fn shutdown(&self, timeout: Duration) {
        let now = self.now();
        let mut state = self.state.lock();
        // A little early, so that the account is closed when the caller's time is over.
        let early = (timeout / 10).min(Duration::from_millis(100));
        let deadline = now.saturating_add(timeout - early);
        state.pipeline.shutdown(now, deadline);
        drop(state);
        self.work.notify_one();
    }

    /// Blocks the thread. Whether it was in time.
    pub(super) fn wait_until_settled(&self, mark: Mark, deadline: Instant) -> bool {
        self.wait_until(deadline, |state| state.pipeline.is_settled(mark))
    }

    /// Blocks the thread. Whether it was in time.
    pub(super) fn wait_until_done(&self, deadline: Instant) -> bool {
        self.wait_until(deadline, |state| state.worker == Worker::Gone)
    }

    fn wait_until(&self, deadline: Instant, mut holds: impl FnMut(&mut State<T>) -> bool) -> bool {
        let mut state = self.state.lock();
        let late = self
            .progress
            .wait_while_until(&mut state, |state| !holds(state), deadline);
        !late.timed_out()
    }

    // --- for the worker ---

    pub(super) fn poll(&self) -> Next {
        let now = self.now();
        let next = self.state.lock().pipeline.poll(now, random());
        self.progress.notify_all();
        next
    }

    pub(super) fn items(&self, id: BatchId) -> Vec<T> {
        self.state.lock().pipeline.items(id).cloned().collect()
    }

    pub(super) fn complete(&self, id: BatchId, outcome: Outcome) {
        let now = self.now();
        let mut state = self.state.lock();
        state.pipeline.complete(id, outcome, now, random());
        drop(state);
        self.progress.notify_all();
    }

    pub(super) async fn work(&self) {
        self.work.notified().await;
    }

    /// The moment `at` of the pipeline's clock.
    pub(super) fn instant(&self, at: Duration) -> tokio::time::Instant {
        after(self.origin, at).into()
    }

    /// The worker ends, whatever the reason: nobody is to wait for it any longer.
    pub(super) fn worker_gone(&self) {
        let now = self.now();
        let mut state = self.state.lock();
        state.pipeline.shutdown(now, now);
        // The deadline has come: what is left is dropped, and counted.
        let _done = state.pipeline.poll(now, 0.0);
        state.worker = Worker::Gone;
        drop(state);
        self.progress.notify_all();
    }

    fn now(&self) -> Duration {
        self.origin.elapsed()
    }
}

/// A moment that a clock can show: `Duration::MAX`, which people write for "never", is beyond it.
pub(super) fn after(origin: Instant, wait: Duration) -> Instant {
    const NEVER: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);
    origin + wait.min(NEVER)
}

/// Spreads retries. Without a source of randomness they are not spread.
#[expect(clippy::cast_precision_loss, reason = "a fraction of 24 bits fits")]
pub(crate) fn random() -> f32 {
    let bits = getrandom::u32().unwrap_or(0);
    (bits >> 8) as f32 / (1_u32 << 24) as f32
}
