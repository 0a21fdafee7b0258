//! The state machine itself.

use std::time::Duration;

use super::held::{Held, Limit, Place};
use super::time::nanos;
use super::{Batch, BatchId, DropReason, Ledger, Mark, Next, Outcome, Pushed, Settings};

/// The export pipeline. See the [module](super).
///
/// **Bounded:** it holds at most `max_queue_size` items: those that wait and those on their way together.
///
/// **Ordered:** batches are cut oldest first, and a batch that is tried again keeps its place at the head.
///
/// **One at a time:** at most one export that [`poll`](Self::poll) gave is under way (the specification forbids more).
///
/// An item is cloned for each attempt to send it: it should be cheap to clone.
#[derive(Debug)]
pub struct Pipeline<T> {
    settings: Settings,
    held: Held<T>,
    /// Handed out and not over, by `drain` any number, by `poll` one.
    flights: Vec<Flight>,
    /// The batch that waits for its next attempt, before all that is queued. There is none while one of `poll`'s flies.
    pause: Option<Pause>,
    ledger: Ledger,
    next_id: u64,
    next_sequence: u64,
    /// Items with a sequence below this one are due at once.
    flushed_to: u64,
    /// The shutdown's deadline, once there is one. As all times in here in nanoseconds.
    closing: Option<u64>,
}

/// Later than any time.
const NEVER: u64 = u64::MAX;

/// A batch that was handed out.
#[derive(Clone, Copy, Debug)]
struct Flight {
    id: BatchId,
    origin: Origin,
    attempt: u32,
    deadline: u64,
}

/// By which call a batch was handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    Poll,
    Drain,
}

/// A batch that waits for its next attempt.
#[derive(Clone, Copy, Debug)]
struct Pause {
    /// The attempt that failed.
    id: BatchId,
    attempt: u32,
    due: u64,
    asked_for: AskedFor,
}

/// Who chose a pause. A flush cuts ours short, not the receiver's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AskedFor {
    ByBackoff,
    ByReceiver,
}

// === impl Pipeline ===

impl<T: Clone> Pipeline<T> {
    /// A pipeline whose batches are limited by count alone: `max_batch_bytes` has no effect.
    pub fn new(settings: Settings) -> Self {
        Self::new_sized(settings, |_| 0)
    }

    /// A pipeline that asks `size_of` for the bytes that an item takes in a request.
    pub fn new_sized(settings: Settings, size_of: fn(&T) -> usize) -> Self {
        Self {
            settings,
            held: Held::new(size_of),
            flights: Vec::new(),
            pause: None,
            ledger: Ledger::default(),
            next_id: 0,
            next_sequence: 0,
            flushed_to: 0,
            closing: None,
        }
    }

    /// Takes an item in, or drops it. Never blocks.
    pub fn push(&mut self, item: T, now: Duration) -> Pushed {
        let refused = if self.closing.is_some() {
            Some(DropReason::Shutdown)
        } else if self.held.len() >= self.settings.max_queue_size {
            Some(DropReason::QueueFull)
        } else {
            None
        };
        if let Some(reason) = refused {
            self.record_drop(reason, 1);
            return Pushed::Dropped(reason);
        }
        self.ledger.created += 1;
        self.held.push(item, nanos(now), self.next_sequence);
        self.next_sequence += 1;

        let news = self.held.queued() == 1 || self.held.fills(self.settings.batch_limit());
        if news && self.is_idle() {
            Pushed::Wake
        } else {
            Pushed::Queued
        }
    }

    /// Counts items that never reached the pipeline, for example [`DropReason::Disabled`].
    pub fn record_drop(&mut self, reason: DropReason, count: u64) {
        self.ledger.created = self.ledger.created.saturating_add(count);
        self.ledger.drop_items(reason, count);
    }

    /// Counts items that were exported from a store outside: see [`Outcome::Stored`].
    pub fn record_export(&mut self, count: u64, rejected: u64) {
        self.ledger.created = self.ledger.created.saturating_add(count);
        self.ledger.export_items(count, rejected);
    }

    /// What is to do at `now`. `random`, from 0 to 1, spreads the retries.
    ///
    /// An attempt past its deadline counts as failed, and its batch is tried again. After [`Next::Export`], poll again to
    /// learn when to wake; after a completion, a flush, a drain or a shutdown too.
    pub fn poll(&mut self, now: Duration, random: f32) -> Next<T> {
        let now = nanos(now);
        self.give_up_late(now, random);
        if self.closing.is_some_and(|deadline| deadline <= now) {
            self.forget(DropReason::Shutdown);
        }
        let limit = self.settings.batch_limit();
        let (from, attempts) = match self.pause {
            Some(pause) => (Some(pause.id), pause.attempt),
            None => (None, 0),
        };
        if self.next_batch() <= now
            && let Some(batch) = self.launch(from, limit, Origin::Poll, attempts + 1, now)
        {
            self.pause = None;
            return Next::Export(batch);
        }
        if self.closing.is_some() && self.held.len() == 0 {
            return Next::Done;
        }
        Next::Wait(self.next_wake())
    }

    /// Reports how attempt `id` ended. Attempts that are over already (too late, or unknown) are ignored.
    pub fn complete(&mut self, id: BatchId, outcome: Outcome, now: Duration, random: f32) {
        self.end(
            id,
            outcome,
            DropReason::RetriesExhausted,
            nanos(now),
            random,
        );
    }

    /// Whether attempt `id` is still awaited: it was not given up, and its items were not dropped meanwhile.
    pub fn is_under_way(&self, id: BatchId) -> bool {
        self.flights.iter().any(|it| it.id == id)
    }

    /// Makes all that waits due at once, a batch between two attempts included (unless the receiver asked for the pause).
    ///
    /// The mark says when it is done: see [`Pipeline::is_settled`].
    pub fn flush(&mut self, now: Duration) -> Mark {
        self.flushed_to = self.next_sequence;
        if let Some(pause) = &mut self.pause
            && pause.asked_for == AskedFor::ByBackoff
        {
            pause.due = pause.due.min(nanos(now));
        }
        Mark(self.next_sequence)
    }

    /// Whether every item pushed before the mark has been exported, dropped or taken.
    pub fn is_settled(&self, mark: Mark) -> bool {
        let oldest = self.held.oldest();
        oldest.is_none_or(|oldest| oldest.sequence >= mark.0)
    }

    /// Flushes, and takes nothing in from now on. What is left at `deadline` is dropped as [`DropReason::Shutdown`].
    ///
    /// A second call can bring the deadline forward, not put it off.
    pub fn shutdown(&mut self, now: Duration, deadline: Duration) {
        self.flush(now);
        let deadline = nanos(deadline);
        self.closing = Some(self.closing.map_or(deadline, |it| it.min(deadline)));
    }

    /// Hands out what waits for a last send that nobody may live to see acknowledged: the page is being hidden.
    ///
    /// At most `max_items` and `max_bytes` (one item at least), oldest first; call it again for the rest. It takes the
    /// batch between two attempts too, and may overlap the export that is under way.
    ///
    /// The items count as `exporting` until [`complete`](Self::complete) is told, or until the export timeout, when they
    /// count as dropped by [`DropReason::Timeout`]: they may have arrived, so they are not sent again. After
    /// [`Outcome::Retry`] (the send was refused) they are back in the queue, in their old place.
    pub fn drain(&mut self, max_items: usize, max_bytes: usize, now: Duration) -> Option<Batch<T>> {
        self.end_pause();
        let limit = Limit {
            items: max_items,
            bytes: max_bytes,
        };
        self.launch(None, limit, Origin::Drain, 1, nanos(now))
    }

    /// Hands out all that waits to somebody who takes over the account of it, such as a store for the time offline: it is
    /// no longer `created` here.
    ///
    /// That is what is queued and a batch between two attempts, oldest first, but not what is on its way. An attempt past
    /// its deadline counts as failed before, as in [`poll`](Self::poll).
    pub fn take_all(&mut self, now: Duration) -> Vec<T> {
        // The pause that chance would lengthen ends here.
        self.give_up_late(nanos(now), 0.0);
        self.end_pause();
        let items = self.held.take(None);
        self.ledger.created -= items.len() as u64;
        items
    }

    /// Drops all that is held and counts it: consent was withdrawn, for example ([`DropReason::Disabled`]).
    ///
    /// That includes what is on its way. It may arrive, but the answer is ignored.
    pub fn forget(&mut self, reason: DropReason) {
        self.ledger.drop_items(reason, self.held.len() as u64);
        self.held.clear();
        self.flights.clear();
        self.pause = None;
    }

    /// What became of every item so far.
    pub fn ledger(&self) -> Ledger {
        let paused = self.pause.map_or(0, |it| self.held.count(Some(it.id)));
        let queued = self.held.queued() + paused;
        Ledger {
            exporting: self.held.len().saturating_sub(queued) as u64,
            queued: queued as u64,
            ..self.ledger
        }
    }

    /// Whether a batch can be cut from the queue as soon as it is due.
    fn is_idle(&self) -> bool {
        self.pause.is_none() && self.flights.iter().all(|it| it.origin == Origin::Drain)
    }

    /// When there is a batch to send.
    fn next_batch(&self) -> u64 {
        if let Some(pause) = self.pause {
            return pause.due;
        }
        match self.held.oldest_queued() {
            Some(oldest) if self.is_idle() => {
                if self.held.fills(self.settings.batch_limit()) {
                    0
                } else if oldest.sequence < self.flushed_to {
                    oldest.at
                } else {
                    oldest
                        .at
                        .saturating_add(nanos(self.settings.schedule_delay))
                }
            }
            _ => NEVER,
        }
    }

    /// When something happens by itself.
    fn next_wake(&self) -> Option<Duration> {
        let mut wake = self.next_batch().min(self.closing.unwrap_or(NEVER));
        for flight in &self.flights {
            wake = wake.min(flight.deadline);
        }
        (wake < NEVER).then(|| Duration::from_nanos(wake))
    }

    /// Hands out a batch of what is in this place.
    fn launch(
        &mut self,
        from: Place,
        limit: Limit,
        origin: Origin,
        attempt: u32,
        now: u64,
    ) -> Option<Batch<T>> {
        let id = BatchId(self.next_id);
        let items = self.held.cut(from, limit, id);
        if items.is_empty() {
            return None;
        }
        self.next_id += 1;
        let deadline = now.saturating_add(nanos(self.settings.export_timeout));
        self.flights.push(Flight {
            id,
            origin,
            attempt,
            deadline,
        });
        Some(Batch {
            id,
            items,
            attempt,
            deadline: Duration::from_nanos(deadline),
        })
    }

    /// Ends the attempts whose deadline has passed.
    fn give_up_late(&mut self, now: u64, random: f32) {
        while let Some(late) = self.flights.iter().find(|it| it.deadline <= now).copied() {
            let outcome = match late.origin {
                Origin::Poll => Outcome::Retry { after: None },
                Origin::Drain => Outcome::Dropped(DropReason::Timeout),
            };
            self.end(late.id, outcome, DropReason::Timeout, now, random);
        }
    }

    /// Ends an attempt, unless it is over. `exhausted` is why its items are dropped if it was the last one.
    fn end(&mut self, id: BatchId, outcome: Outcome, exhausted: DropReason, now: u64, random: f32) {
        let Some(flight) = self.flights.iter().find(|it| it.id == id).copied() else {
            return;
        };
        self.flights.retain(|it| it.id != id);
        let retry = self.settings.retry;
        let (reason, rejected) = match outcome {
            Outcome::Stored => {
                self.ledger.created -= self.held.take(Some(id)).len() as u64;
                return;
            }
            Outcome::Exported { rejected } => (None, rejected),
            Outcome::Dropped(reason) => (Some(reason), 0),
            Outcome::Retry { .. } if flight.origin == Origin::Drain => {
                self.held.relocate(Some(id), None);
                return;
            }
            Outcome::Retry { after } if flight.attempt < retry.max_attempts => {
                let pause = retry.pause_nanos(flight.attempt, after, random);
                self.pause = Some(Pause {
                    id,
                    attempt: flight.attempt,
                    due: now.saturating_add(pause),
                    asked_for: match after {
                        Some(_) => AskedFor::ByReceiver,
                        None => AskedFor::ByBackoff,
                    },
                });
                return;
            }
            Outcome::Retry { .. } => (Some(exhausted), 0),
        };
        let count = self.held.remove(Some(id)) as u64;
        match reason {
            Some(reason) => self.ledger.drop_items(reason, count),
            None => self.ledger.export_items(count, rejected),
        }
    }

    /// Puts the batch between two attempts back into the queue.
    fn end_pause(&mut self) {
        if let Some(pause) = self.pause.take() {
            self.held.relocate(Some(pause.id), None);
        }
    }
}
