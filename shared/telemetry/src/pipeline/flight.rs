//! Batches outside the queue: under way, or between two attempts.

use std::sync::Arc;
use std::time::Duration;

use super::queue::{Cut, Stamp};
use super::{Batch, BatchId};

/// The batch before all that is queued.
#[derive(Debug)]
pub(super) enum Head<T> {
    None,
    Flying(Flight<T>),
    Waiting(Pause<T>),
}

/// A batch that was handed out.
#[derive(Debug)]
pub(super) struct Flight<T> {
    pub(super) id: BatchId,
    pub(super) cut: Cut<T>,
    pub(super) attempt: u32,
    pub(super) deadline: Duration,
}

/// By which call a batch was handed out.
#[derive(Clone, Copy, Debug)]
pub(super) enum Origin {
    Poll,
    Drain,
}

/// A batch that waits for its next attempt.
#[derive(Debug)]
pub(super) struct Pause<T> {
    pub(super) cut: Cut<T>,
    /// Attempts that it has had.
    pub(super) attempts: u32,
    pub(super) due: Duration,
    pub(super) asked_for: AskedFor,
}

/// Who chose a pause. A flush cuts ours short, not the receiver's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AskedFor {
    ByBackoff,
    ByReceiver,
}

// === impl Head ===

impl<T> Head<T> {
    /// Leaves nothing in its place.
    pub(super) fn take(&mut self) -> Self {
        std::mem::replace(self, Self::None)
    }

    pub(super) fn exporting(&self) -> usize {
        match self {
            Self::Flying(flight) => flight.cut.len(),
            Self::None | Self::Waiting(_) => 0,
        }
    }

    pub(super) fn waiting(&self) -> usize {
        match self {
            Self::Waiting(pause) => pause.cut.len(),
            Self::None | Self::Flying(_) => 0,
        }
    }

    pub(super) fn oldest(&self) -> Option<Stamp> {
        match self {
            Self::None => None,
            Self::Flying(flight) => flight.cut.oldest(),
            Self::Waiting(pause) => pause.cut.oldest(),
        }
    }
}

// === impl Flight ===

impl<T> Flight<T> {
    pub(super) fn batch(&self) -> Batch<T> {
        Batch {
            id: self.id,
            items: Arc::clone(&self.cut.items),
            attempt: self.attempt,
            deadline: self.deadline,
        }
    }
}
