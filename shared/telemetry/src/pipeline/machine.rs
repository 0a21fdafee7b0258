//! The state machine itself.

use std::time::Duration;

use super::flight::{AskedFor, Flight, Head, Origin, Pause};
use super::queue::{Cut, Limit, Queue, Stamp};
use super::{Batch, BatchId, DropReason, Ledger, Mark, Next, Outcome, Pushed, Settings};

/// The export pipeline. See the [module](super).
///
/// **Bounded:** it holds at most `max_queue_size` items: those that wait and those on their way together.
///
/// **Ordered:** batches are cut oldest first, and a batch that is tried again keeps its place at the head.
///
/// **One at a time:** at most one export that [`poll`](Self::poll) gave is under way (the specification forbids more).
#[derive(Debug)]
pub struct Pipeline<T> {
    settings: Settings,
    queue: Queue<T>,
    head: Head<T>,
    /// Handed out by `drain`, not completed yet.
    drained: Vec<Flight<T>>,
    ledger: Ledger,
    next_id: u64,
    next_sequence: u64,
    /// Items with a sequence below this one are due at once.
    flushed_to: u64,
    /// The shutdown's deadline, once there is one.
    closing: Option<Duration>,
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
            queue: Queue::new(size_of),
            head: Head::None,
            drained: Vec::new(),
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
        } else if self.held() >= self.settings.max_queue_size {
            Some(DropReason::QueueFull)
        } else {
            None
        };
        if let Some(reason) = refused {
            self.record_drop(reason, 1);
            return Pushed::Dropped(reason);
        }
        self.ledger.created += 1;
        let stamp = Stamp {
            at: now,
            sequence: self.next_sequence,
        };
        self.next_sequence += 1;
        self.queue.push(item, stamp);

        let first = self.queue.len() == 1;
        let idle = matches!(self.head, Head::None);
        if idle && (first || self.queue.fills(self.settings.batch_limit())) {
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

    /// What is to do at `now`. `random`, from 0 to 1, spreads the retries.
    ///
    /// An attempt past its deadline counts as failed, and its batch is tried again. After [`Next::Export`], poll again to
    /// learn when to wake; after a completion, a flush, a drain or a shutdown too.
    pub fn poll(&mut self, now: Duration, random: f32) -> Next<T> {
        self.give_up_late(now, random);
        if self.closing.is_some_and(|deadline| deadline <= now) {
            self.drop_rest();
        }
        match self.head.take() {
            Head::Waiting(pause) if pause.due <= now => {
                return Next::Export(self.launch(pause.cut, pause.attempts + 1, now));
            }
            Head::None if self.is_due(now) => {
                if let Some(cut) = self.queue.cut(self.settings.batch_limit()) {
                    return Next::Export(self.launch(cut, 1, now));
                }
            }
            head => self.head = head,
        }
        if self.closing.is_some() && self.held() == 0 {
            return Next::Done;
        }
        Next::Wait(self.next_wake())
    }

    /// Reports how attempt `id` ended. Attempts that are over already (too late, or unknown) are ignored.
    pub fn complete(&mut self, id: BatchId, outcome: Outcome, now: Duration, random: f32) {
        let Some((flight, origin)) = self.land(id) else {
            return;
        };
        let count = flight.cut.len() as u64;
        match (outcome, origin) {
            (Outcome::Exported { rejected }, _) => self.ledger.export_items(count, rejected),
            (Outcome::Dropped(reason), _) => self.ledger.drop_items(reason, count),
            (Outcome::Retry { .. }, Origin::Drain) => self.queue.put_back(&flight.cut),
            (Outcome::Retry { after }, Origin::Poll) => {
                self.retry(flight, after, DropReason::RetriesExhausted, now, random);
            }
        }
    }

    /// Makes all that waits due at once, a batch between two attempts included (unless the receiver asked for the pause).
    ///
    /// The mark says when it is done: see [`Pipeline::is_settled`].
    pub fn flush(&mut self, now: Duration) -> Mark {
        self.flushed_to = self.next_sequence;
        if let Head::Waiting(pause) = &mut self.head
            && pause.asked_for == AskedFor::ByBackoff
        {
            pause.due = pause.due.min(now);
        }
        Mark(self.next_sequence)
    }

    /// Whether every item pushed before the mark has been exported or dropped.
    pub fn is_settled(&self, mark: Mark) -> bool {
        let drained = self.drained.iter().filter_map(|flight| flight.cut.oldest());
        self.queue
            .oldest()
            .into_iter()
            .chain(self.head.oldest())
            .chain(drained)
            .all(|stamp| stamp.sequence >= mark.0)
    }

    /// Flushes, and takes nothing in from now on. What is left at `deadline` is dropped as [`DropReason::Shutdown`].
    ///
    /// A second call can bring the deadline forward, not put it off.
    pub fn shutdown(&mut self, now: Duration, deadline: Duration) {
        self.flush(now);
        let earliest = self.closing.map_or(deadline, |before| before.min(deadline));
        self.closing = Some(earliest);
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
        match self.head.take() {
            Head::Waiting(pause) => self.queue.put_back(&pause.cut),
            head => self.head = head,
        }
        let limit = Limit {
            items: max_items,
            bytes: max_bytes,
        };
        let cut = self.queue.cut(limit)?;
        let flight = self.flight(cut, 1, now);
        let batch = flight.batch();
        self.drained.push(flight);
        Some(batch)
    }

    /// What became of every item so far.
    pub fn ledger(&self) -> Ledger {
        Ledger {
            exporting: self.exporting() as u64,
            queued: self.waiting() as u64,
            ..self.ledger
        }
    }

    fn exporting(&self) -> usize {
        let drained: usize = self.drained.iter().map(|flight| flight.cut.len()).sum();
        self.head.exporting() + drained
    }

    fn waiting(&self) -> usize {
        self.head.waiting() + self.queue.len()
    }

    fn held(&self) -> usize {
        self.exporting() + self.waiting()
    }

    /// Whether the queue is to be cut into a batch at `now`.
    fn is_due(&self, now: Duration) -> bool {
        self.queue.fills(self.settings.batch_limit())
            || self.queue_wake().is_some_and(|wake| wake <= now)
    }

    /// When the oldest queued item has waited long enough.
    fn queue_wake(&self) -> Option<Duration> {
        let oldest = self.queue.oldest()?;
        if oldest.sequence < self.flushed_to {
            return Some(oldest.at);
        }
        Some(oldest.at.saturating_add(self.settings.schedule_delay))
    }

    /// When something happens by itself.
    fn next_wake(&self) -> Option<Duration> {
        let head = match &self.head {
            Head::None => self.queue_wake(),
            Head::Flying(flight) => Some(flight.deadline),
            Head::Waiting(pause) => Some(pause.due),
        };
        let drained = self.drained.iter().map(|flight| flight.deadline);
        drained.chain(head).chain(self.closing).min()
    }

    fn launch(&mut self, cut: Cut<T>, attempt: u32, now: Duration) -> Batch<T> {
        let flight = self.flight(cut, attempt, now);
        let batch = flight.batch();
        self.head = Head::Flying(flight);
        batch
    }

    fn flight(&mut self, cut: Cut<T>, attempt: u32, now: Duration) -> Flight<T> {
        let id = BatchId(self.next_id);
        self.next_id += 1;
        let deadline = now.saturating_add(self.settings.export_timeout);
        Flight {
            id,
            cut,
            attempt,
            deadline,
        }
    }

    /// Takes the attempt back that was handed out under this id, unless it is over.
    fn land(&mut self, id: BatchId) -> Option<(Flight<T>, Origin)> {
        if let Some(index) = self.drained.iter().position(|flight| flight.id == id) {
            return Some((self.drained.swap_remove(index), Origin::Drain));
        }
        match self.head.take() {
            Head::Flying(flight) if flight.id == id => Some((flight, Origin::Poll)),
            head => {
                self.head = head;
                None
            }
        }
    }

    /// Ends the attempts whose deadline has passed.
    fn give_up_late(&mut self, now: Duration, random: f32) {
        match self.head.take() {
            Head::Flying(flight) if flight.deadline <= now => {
                self.retry(flight, None, DropReason::Timeout, now, random);
            }
            head => self.head = head,
        }
        let ledger = &mut self.ledger;
        self.drained.retain(|flight| {
            let in_time = flight.deadline > now;
            if !in_time {
                ledger.drop_items(DropReason::Timeout, flight.cut.len() as u64);
            }
            in_time
        });
    }

    /// Keeps the batch for another attempt, or drops it for `reason` after the last one.
    fn retry(
        &mut self,
        flight: Flight<T>,
        after: Option<Duration>,
        reason: DropReason,
        now: Duration,
        random: f32,
    ) {
        let retry = self.settings.retry;
        if flight.attempt >= retry.max_attempts {
            self.ledger.drop_items(reason, flight.cut.len() as u64);
            return;
        }
        self.head = Head::Waiting(Pause {
            due: now.saturating_add(retry.pause(flight.attempt, after, random)),
            asked_for: match after {
                Some(_) => AskedFor::ByReceiver,
                None => AskedFor::ByBackoff,
            },
            attempts: flight.attempt,
            cut: flight.cut,
        });
    }

    /// The shutdown's deadline: nothing that is still held can be exported.
    fn drop_rest(&mut self) {
        let held = self.held() as u64;
        self.queue.clear();
        self.head = Head::None;
        self.drained.clear();
        self.ledger.drop_items(DropReason::Shutdown, held);
    }
}
