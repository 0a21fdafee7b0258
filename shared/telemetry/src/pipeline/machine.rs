//! The state machine itself.

use std::time::Duration;

use super::held::{Held, Limit, QUEUED};
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
/// It keeps the items of a batch until it knows what became of them, and lends them out: see [`items`](Self::items).
#[derive(Debug)]
pub struct Pipeline<T> {
    settings: Settings,
    held: Held<T>,
    /// The batch that `poll` handed out, or will hand out again. Those of `drain` are known by their items alone.
    current: Option<Current>,
    ledger: Ledger,
    last_id: BatchId,
    next_sequence: u64,
    /// The shutdown's deadline, [`NEVER`] while there is none. As all times in here in nanoseconds.
    closing: u64,
}

/// Later than any time.
const NEVER: u64 = u64::MAX;

#[derive(Clone, Copy, Debug)]
struct Current {
    /// The attempt that is under way, or that failed.
    id: BatchId,
    attempt: u32,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    UnderWay,
    /// It waits for its next attempt, before all that is queued.
    Paused {
        due: u64,
        by: AskedFor,
    },
}

/// Who chose a pause. A flush cuts ours short, not the receiver's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AskedFor {
    ByBackoff,
    ByReceiver,
}

// === impl Pipeline ===

impl<T> Pipeline<T> {
    /// A pipeline whose batches are limited by count alone: `max_batch_bytes` has no effect.
    pub fn new(settings: Settings) -> Self {
        Self::new_sized(settings, |_| 0)
    }

    /// A pipeline that asks `size_of` for the bytes that an item takes in a request.
    pub fn new_sized(settings: Settings, size_of: fn(&T) -> usize) -> Self {
        Self {
            settings,
            held: Held::new(size_of),
            current: None,
            ledger: Ledger::default(),
            last_id: QUEUED,
            next_sequence: 0,
            closing: NEVER,
        }
    }

    /// Takes an item in, or drops it. Never blocks.
    pub fn push(&mut self, item: T, now: Duration) -> Pushed {
        self.push_at(item, nanos(now))
    }

    /// The same for a clock of nanoseconds.
    pub fn push_at(&mut self, item: T, now: u64) -> Pushed {
        let refused = if self.closing < NEVER {
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
        let due = now.saturating_add(nanos(self.settings.schedule_delay));
        self.held.push(item, due, self.next_sequence);
        self.next_sequence += 1;

        let news = self.held.queued() == 1 || self.held.fills(self.settings.batch_limit());
        if news && self.current.is_none() {
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
    pub fn poll(&mut self, now: Duration, random: f32) -> Next {
        let now = nanos(now);
        self.give_up_late(now, random);
        if self.closing <= now || self.closes_before_next_batch() {
            self.forget(DropReason::Shutdown);
        }
        if self.next_batch() <= now {
            let (from, attempts) = match self.current {
                Some(failed) => (failed.id, failed.attempt),
                None => (QUEUED, 0),
            };
            let attempt = attempts + 1;
            if let Some(batch) = self.launch(from, self.settings.batch_limit(), attempt, now) {
                self.current = Some(Current {
                    id: batch.id,
                    attempt,
                    state: State::UnderWay,
                });
                return Next::Export(batch);
            }
        }
        if self.closing < NEVER && self.held.len() == 0 {
            return Next::Done;
        }
        let wake = self.next_batch().min(self.closing);
        let wake = wake.min(self.held.first_deadline().1);
        Next::Wait((wake < NEVER).then(|| Duration::from_nanos(wake)))
    }

    /// The items of a batch, oldest first: none once the attempt is over.
    pub fn items(&self, id: BatchId) -> impl Iterator<Item = &T> {
        self.held.items(id)
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

    /// Takes a batch back that has not been sent, as if it had never been handed out.
    pub fn recall(&mut self, id: BatchId) {
        if self.is_under_way(id) {
            self.current.take_if(|it| it.id == id);
            self.held.relocate(id, QUEUED, 0);
        }
    }

    /// Whether attempt `id` is still awaited: it was not given up, and its items were not dropped meanwhile.
    pub fn is_under_way(&self, id: BatchId) -> bool {
        let over = |it: Current| it.id == id && it.state != State::UnderWay;
        !self.current.is_some_and(over) && self.held.items(id).next().is_some()
    }

    /// Makes all that waits due at once, a batch between two attempts included (unless the receiver asked for the pause).
    ///
    /// The mark says when it is done: see [`Pipeline::is_settled`].
    pub fn flush(&mut self, now: Duration) -> Mark {
        self.held.relocate(QUEUED, QUEUED, 0);
        if let Some(Current { state, .. }) = &mut self.current
            && let State::Paused { due, by } = state
            && *by == AskedFor::ByBackoff
        {
            *due = nanos(now).min(*due);
        }
        Mark(self.next_sequence)
    }

    /// Whether every item pushed before the mark has been exported, dropped or taken.
    pub fn is_settled(&self, mark: Mark) -> bool {
        self.held.oldest().is_none_or(|sequence| sequence >= mark.0)
    }

    /// Flushes, and takes nothing in from now on. What is left at `deadline` is dropped as [`DropReason::Shutdown`], and so is,
    /// at once, what a pause keeps back until then.
    ///
    /// A second call can bring the deadline forward, not put it off.
    pub fn shutdown(&mut self, now: Duration, deadline: Duration) {
        self.flush(now);
        self.closing = self.closing.min(nanos(deadline));
    }

    /// Hands out what waits for a last send that nobody may live to see acknowledged: the page is being hidden.
    ///
    /// At most `max_items` and `max_bytes` (one item at least), oldest first; call it again for the rest. It takes the
    /// batch between two attempts too, and may overlap the export that is under way.
    ///
    /// The items count as `exporting` until [`complete`](Self::complete) is told, or until the export timeout, when they
    /// count as dropped by [`DropReason::Timeout`]: they may have arrived, so they are not sent again. After
    /// [`Outcome::Retry`] (the send was refused) they are back in the queue, in their old place.
    pub fn drain(&mut self, max_items: usize, max_bytes: usize, now: Duration) -> Option<Batch> {
        self.end_pause();
        let limit = Limit {
            items: max_items,
            bytes: max_bytes,
        };
        self.launch(QUEUED, limit, 1, nanos(now))
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
        let items = self.held.take_queued();
        self.ledger.created -= items.len() as u64;
        items
    }

    /// Drops all that is held and counts it: consent was withdrawn, for example ([`DropReason::Disabled`]).
    ///
    /// That includes what is on its way. It may arrive, but the answer is ignored.
    pub fn forget(&mut self, reason: DropReason) {
        let count = self.held.remove(None) as u64;
        self.ledger.drop_items(reason, count);
        self.current = None;
    }

    /// What became of every item so far.
    pub fn ledger(&self) -> Ledger {
        let mut queued = self.held.queued();
        if let Some(current) = self.current
            && current.state != State::UnderWay
        {
            queued += self.held.items(current.id).count();
        }
        Ledger {
            exporting: self.held.len().saturating_sub(queued) as u64,
            queued: queued as u64,
            ..self.ledger
        }
    }

    /// When there is a batch to send.
    fn next_batch(&self) -> u64 {
        match self.current {
            Some(current) => match current.state {
                State::Paused { due, .. } => due,
                State::UnderWay => NEVER,
            },
            None if self.held.fills(self.settings.batch_limit()) => 0,
            None => self.held.first_due(),
        }
    }

    /// Whether nothing is under way, and a pause lasts until the shutdown's deadline: there is nothing to wait for.
    fn closes_before_next_batch(&self) -> bool {
        let is_paused = self.closing < NEVER && self.closing <= self.next_batch();
        is_paused && self.ledger().exporting == 0
    }

    /// Hands out a batch of what is queued, or of the attempt that failed.
    fn launch(&mut self, from: BatchId, limit: Limit, attempt: u32, now: u64) -> Option<Batch> {
        let id = BatchId(self.last_id.0 + 1);
        let deadline = now.saturating_add(nanos(self.settings.export_timeout));
        if !self.held.cut(from, limit, id, deadline) {
            return None;
        }
        self.last_id = id;
        Some(Batch {
            id,
            attempt,
            deadline,
        })
    }

    /// Ends the attempts whose deadline has passed.
    fn give_up_late(&mut self, now: u64, random: f32) {
        loop {
            let (late, deadline) = self.held.first_deadline();
            if deadline > now {
                return;
            }
            let outcome = match self.current {
                Some(current) if current.id == late => Outcome::Retry { after: None },
                _ => Outcome::Dropped(DropReason::Timeout),
            };
            self.end(late, outcome, DropReason::Timeout, now, random);
        }
    }

    /// Ends an attempt, unless it is over. `exhausted` is why its items are dropped if it was the last one.
    fn end(&mut self, id: BatchId, outcome: Outcome, exhausted: DropReason, now: u64, random: f32) {
        let polled = self.current.filter(|it| it.id == id);
        match polled {
            Some(over) if over.state != State::UnderWay => return,
            Some(_) => self.current = None,
            // Of a drain, or over: then there are no items of this id.
            None => {}
        }
        let outcome = match (outcome, polled) {
            (Outcome::Retry { .. }, None) => return self.held.relocate(id, QUEUED, 0),
            (Outcome::Retry { after }, Some(Current { attempt, .. })) => {
                let retry = &self.settings.retry;
                if attempt < retry.max_attempts {
                    let pause = retry.pause_nanos(attempt, after, random);
                    let by = match after {
                        Some(_) => AskedFor::ByReceiver,
                        None => AskedFor::ByBackoff,
                    };
                    let due = now.saturating_add(pause);
                    let state = State::Paused { due, by };
                    self.current = Some(Current { id, attempt, state });
                    return self.held.relocate(id, id, NEVER);
                }
                Outcome::Dropped(exhausted)
            }
            (outcome, _) => outcome,
        };
        let count = self.held.remove(Some(id)) as u64;
        match outcome {
            Outcome::Exported { rejected } => self.ledger.export_items(count, rejected),
            Outcome::Dropped(reason) => self.ledger.drop_items(reason, count),
            Outcome::Stored | Outcome::Retry { .. } => self.ledger.created -= count,
        }
    }

    /// Puts the batch between two attempts back into the queue.
    fn end_pause(&mut self) {
        let paused = |it: &mut Current| it.state != State::UnderWay;
        if let Some(paused) = self.current.take_if(paused) {
            self.held.relocate(paused.id, QUEUED, 0);
        }
    }
}
