//! The export pipeline: queue, batches, retries and their account, as a state machine.
//!
//! It reads no clock, draws no random number, sends nothing and never blocks, so that one set of rules (and of tests)
//! serves tokio threads and browser timers. A driver of a few lines gives it life: it calls [`Pipeline::poll`], does
//! what the answer says, and reports by [`Pipeline::complete`]; the crate's README shows one.
//!
//! Time is a [`Duration`] since any fixed origin of a monotonic clock.

mod backoff;
mod held;
mod ledger;
mod machine;
mod settings;
#[cfg(test)]
mod tests;
mod time;

use std::time::Duration;

pub use self::backoff::Retry;
pub use self::ledger::{DropReason, Ledger};
pub use self::machine::Pipeline;
pub use self::settings::Settings;

/// One attempt to export one batch: every attempt has an id of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BatchId(u64);

/// Items to send, which [`Pipeline::items`] lends out: one at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batch {
    /// What [`Pipeline::complete`] wants to hear.
    pub id: BatchId,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// In nanoseconds.
    deadline: u64,
}

/// What became of an item that was pushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "`Wake` asks the driver to poll"]
pub enum Pushed {
    /// It waits, and the last answer of [`Pipeline::poll`] still stands.
    Queued,
    /// It waits, and there is something to do sooner than the last answer said: poll again.
    Wake,
    /// It was dropped, and counted.
    Dropped(DropReason),
}

/// What there is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Next {
    /// Send this batch, and report it by [`Pipeline::complete`].
    Export(Batch),
    /// Nothing until this time. `None`: nothing until [`Pushed::Wake`], a completion, a flush or a shutdown.
    Wait(Option<Duration>),
    /// Nothing ever again: shut down and empty.
    Done,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The receiver has the batch, but for as many items as it `rejected` (OTLP's partial success).
    Exported {
        /// How many items it will not take. More than the batch holds counts as all of it.
        rejected: u64,
    },
    /// It may work later: no connection, or 429, 502, 503, 504.
    Retry {
        /// How long the receiver asks to wait (`Retry-After`).
        after: Option<Duration>,
    },
    /// It will never work, for example [`DropReason::Rejected`] for status 400 and
    /// [`DropReason::Encoding`] for what could not be written.
    Dropped(DropReason),
    /// A store outside has taken the items over, and with them the account of them: as if they had never been created.
    Stored,
}

/// A point in the stream of items: all that was pushed before [`Pipeline::flush`]. Ask [`Pipeline::is_settled`] about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark(u64);

// === impl Batch ===

impl Batch {
    /// When the pipeline gives this attempt up. The driver cancels the send then: a late answer is ignored.
    pub fn deadline(&self) -> Duration {
        Duration::from_nanos(self.deadline)
    }
}
