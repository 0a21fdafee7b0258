//! What holds for every sequence of calls, with any clock and any receiver.

use std::collections::{HashMap, HashSet};

use proptest::prelude::*;

use super::*;

/// An item is its number in the order of pushing; this is its weight in bytes.
fn size_of(item: &u64) -> usize {
    usize::try_from(item % 7).unwrap()
}

#[derive(Clone, Copy, Debug)]
enum Op {
    Push(usize),
    RecordDrop(u64),
    Advance(Duration),
    Poll,
    /// Of the batches handed out so far, the one counted from the newest; it may be long over.
    Complete(usize, Outcome),
    Flush,
    Drain(usize, usize),
    Shutdown(Duration),
    TakeAll,
    Forget,
    /// As `Complete`.
    Recall(usize),
}

fn millis(range: std::ops::Range<u64>) -> impl Strategy<Value = Duration> {
    range.prop_map(Duration::from_millis)
}

fn outcomes() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        4 => (0..3_u64).prop_map(|rejected| Outcome::Exported { rejected }),
        3 => prop::option::of(millis(0..60_000)).prop_map(|after| Outcome::Retry { after }),
        1 => Just(Outcome::Dropped(DropReason::Rejected)),
    ]
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let op = prop_oneof![
        8 => (1..6_usize).prop_map(Op::Push),
        1 => (0..4_u64).prop_map(Op::RecordDrop),
        6 => millis(0..20_000).prop_map(Op::Advance),
        10 => Just(Op::Poll),
        8 => (0..3_usize, outcomes()).prop_map(|(back, outcome)| Op::Complete(back, outcome)),
        2 => Just(Op::Flush),
        2 => (0..6_usize, 0..30_usize).prop_map(|(items, bytes)| Op::Drain(items, bytes)),
        1 => millis(0..60_000).prop_map(Op::Shutdown),
        1 => Just(Op::TakeAll),
        1 => Just(Op::Forget),
        1 => (0..3_usize).prop_map(Op::Recall),
    ];
    prop::collection::vec(op, 0..120)
}

fn settings() -> impl Strategy<Value = Settings> {
    (
        1..20_usize,
        0..8_usize,
        prop::option::of(0..20_usize),
        0..4_u32,
    )
        .prop_map(
            |(max_queue_size, max_export_batch_size, max_batch_bytes, max_attempts)| Settings {
                max_queue_size,
                max_export_batch_size,
                max_batch_bytes,
                retry: Retry {
                    max_attempts,
                    ..Retry::default()
                },
                ..Settings::default()
            },
        )
}

/// A pipeline with an observer that knows nothing but what it was told.
struct Observed {
    pipeline: Pipeline<u64>,
    settings: Settings,
    now: Duration,
    pushed: u64,
    created: u64,
    batches: Vec<HandedOut<u64>>,
    /// The export that `poll` gave and that has not ended.
    under_way: Option<(BatchId, Duration)>,
    exported: HashSet<u64>,
    /// Taken or forgotten: the pipeline has nothing to do with them any more.
    gone: HashSet<u64>,
    attempts: HashMap<u64, u32>,
    drained: bool,
    closed: bool,
}

impl Observed {
    fn new(settings: Settings) -> Self {
        Self {
            pipeline: Pipeline::new_sized(settings, size_of),
            settings,
            now: ZERO,
            pushed: 0,
            created: 0,
            batches: Vec::new(),
            under_way: None,
            exported: HashSet::new(),
            gone: HashSet::new(),
            attempts: HashMap::new(),
            drained: false,
            closed: false,
        }
    }

    fn apply(&mut self, op: Op, random: f32) {
        match op {
            Op::Push(count) => (0..count).for_each(|_| self.push()),
            Op::RecordDrop(count) => {
                self.created += count;
                self.pipeline.record_drop(DropReason::Disabled, count);
            }
            Op::Advance(by) => self.now += by,
            Op::Poll => self.poll(random),
            Op::Complete(back, outcome) => self.complete(back, outcome, random),
            Op::Flush => {
                self.pipeline.flush(self.now);
            }
            Op::Drain(items, bytes) => self.drain(items, bytes),
            Op::Shutdown(within) => {
                self.closed = true;
                self.pipeline.shutdown(self.now, self.now + within);
            }
            Op::TakeAll => self.take_all(),
            Op::Forget => self.forget(),
            Op::Recall(back) => self.recall(back),
        }
        let ledger = self.pipeline.ledger();
        assert!(ledger.balances(), "{ledger:?}");
        assert_eq!(ledger.created, self.created);
        assert!(ledger.queued + ledger.exporting <= self.settings.max_queue_size as u64);
    }

    fn push(&mut self) {
        let result = self.pipeline.push(self.pushed, self.now);
        self.pushed += 1;
        self.created += 1;
        assert_eq!(self.closed, result == Pushed::Dropped(DropReason::Shutdown));
    }

    fn poll(&mut self, random: f32) {
        match self.pipeline.poll(self.now, random) {
            Next::Export(batch) => {
                let overlaps = self
                    .under_way
                    .is_some_and(|(_, deadline)| self.now < deadline);
                assert!(!overlaps, "a second export before the end of the first");
                assert_eq!(batch.deadline(), self.now + self.settings.export_timeout);
                self.under_way = Some((batch.id, batch.deadline()));
                let (items, bytes) = (
                    self.settings.max_export_batch_size,
                    self.settings.max_batch_bytes,
                );
                self.handed_out(batch, items, bytes.unwrap_or(usize::MAX));
            }
            Next::Wait(Some(until)) => assert!(until > self.now, "a driver would spin"),
            Next::Wait(None) => assert_eq!(self.held(), 0, "waits for ever with items in hand"),
            Next::Done => assert!(self.closed && self.held() == 0),
        }
    }

    fn drain(&mut self, items: usize, bytes: usize) {
        self.drained = true;
        match self.pipeline.drain(items, bytes, self.now) {
            Some(batch) => self.handed_out(batch, items, bytes),
            None => assert_eq!(self.pipeline.ledger().queued, 0),
        }
    }

    fn take_all(&mut self) {
        let before = self.pipeline.ledger();
        let late = self
            .under_way
            .take_if(|(_, deadline)| *deadline <= self.now);
        let taken = self.pipeline.take_all(self.now);
        let ledger = self.pipeline.ledger();
        assert_eq!(ledger.queued, 0);
        assert_eq!(ledger.exported, before.exported);
        assert!(taken.is_sorted(), "out of order: {taken:?}");
        assert!(taken.len() as u64 >= before.queued);
        assert!(late.is_some() || taken.len() as u64 == before.queued);
        for item in &taken {
            assert!(!self.exported.contains(item), "{item} was exported before");
            assert!(self.gone.insert(*item), "{item} was gone before");
        }
        self.created -= taken.len() as u64;
    }

    fn forget(&mut self) {
        let before = self.pipeline.ledger();
        self.pipeline.forget(DropReason::Encoding);
        let ledger = self.pipeline.ledger();
        let forgotten = ledger.dropped(DropReason::Encoding) - before.dropped(DropReason::Encoding);
        assert_eq!(forgotten, before.queued + before.exporting);
        assert_eq!(self.held(), 0);
        self.under_way = None;
        self.gone.extend(0..self.pushed);
    }

    fn recall(&mut self, back: usize) {
        let index = self.batches.len().checked_sub(back + 1);
        let Some(batch) = index.and_then(|index| self.batches.get(index)) else {
            return;
        };
        if self.pipeline.is_under_way(batch.id) {
            for item in &batch.items {
                self.attempts.insert(*item, 0);
            }
            self.under_way.take_if(|(id, _)| *id == batch.id);
        }
        self.pipeline.recall(batch.id);
        assert!(!self.pipeline.is_under_way(batch.id));
    }

    fn handed_out(&mut self, batch: Batch, max_items: usize, max_bytes: usize) {
        let batch = HandedOut::new(&self.pipeline, batch);
        let bytes: usize = batch.items.iter().map(size_of).sum();
        assert!(!batch.items.is_empty());
        assert!(batch.items.len() == 1 || batch.items.len() <= max_items);
        assert!(batch.items.len() == 1 || bytes <= max_bytes);
        assert!(batch.items.is_sorted(), "out of order: {:?}", batch.items);
        assert!(batch.attempt <= self.settings.retry.max_attempts.max(1));
        for item in batch.items.iter() {
            assert!(!self.exported.contains(item), "{item} was exported before");
            assert!(!self.gone.contains(item), "{item} is not the pipeline's");
            let attempts = self.attempts.entry(*item).or_default();
            *attempts += 1;
            assert!(self.drained || *attempts == batch.attempt);
        }
        self.batches.push(batch);
    }

    fn complete(&mut self, back: usize, outcome: Outcome, random: f32) {
        let index = self.batches.len().checked_sub(back + 1);
        let Some(batch) = index.and_then(|index| self.batches.get(index)).cloned() else {
            return;
        };
        let before = self.pipeline.ledger();
        self.pipeline.complete(batch.id, outcome, self.now, random);
        let exported = self.pipeline.ledger().exported - before.exported;
        if exported > 0 {
            let Outcome::Exported { rejected } = outcome else {
                panic!("{outcome:?} exported {exported}");
            };
            assert_eq!(exported, batch.items.len() as u64 - rejected);
            for item in batch.items.iter() {
                assert!(self.exported.insert(*item), "{item} is exported twice");
                assert!(!self.gone.contains(item), "{item} is not the pipeline's");
            }
        }
        if self.under_way.is_some_and(|(id, _)| id == batch.id) {
            self.under_way = None;
        }
    }

    fn held(&self) -> u64 {
        let ledger = self.pipeline.ledger();
        ledger.queued + ledger.exporting
    }
}

proptest! {
    #[test]
    fn every_item_is_accounted_for_bounded_in_order_and_exported_once(
        settings in settings(),
        ops in ops(),
        random in 0.0..=1.0_f32,
    ) {
        let mut observed = Observed::new(settings);
        for op in ops {
            observed.apply(op, random);
        }
        observed.apply(Op::Shutdown(secs(5)), random);
        observed.apply(Op::Advance(secs(5)), random);
        prop_assert!(matches!(observed.pipeline.poll(observed.now, random), Next::Done));
        let ledger = observed.pipeline.ledger();
        prop_assert_eq!((ledger.queued, ledger.exporting), (0, 0));
        prop_assert_eq!(ledger.exported + ledger.dropped_total(), observed.created);
    }

    /// The contract of `Pushed::Wake` and `Next::Wait`: a driver that sleeps whenever it may misses nothing.
    #[test]
    fn a_driver_that_polls_only_when_told_to_exports_everything_in_order(
        pushes in prop::collection::vec((millis(0..9_000), 1..5_u64), 1..40),
        latency in millis(0..8_000),
        failures in prop::collection::vec(any::<bool>(), 0..40),
    ) {
        let settings = Settings {
            max_queue_size: usize::MAX,
            max_export_batch_size: 4,
            retry: Retry { max_attempts: u32::MAX, ..Retry::default() },
            ..Settings::default()
        };
        let mut pipeline = Pipeline::new(settings);
        let mut failures = failures.into_iter();
        let mut pushes = pushes.into_iter().scan(ZERO, |at, (pause, count)| {
            *at += pause;
            Some((*at, count))
        }).peekable();
        let (mut next_item, mut delivered) = (0_u64, Vec::new());
        let mut answer: Option<(Duration, HandedOut<u64>)> = None;
        let mut wake = None;
        loop {
            let times = [
                pushes.peek().map(|(at, _)| *at),
                answer.as_ref().map(|(at, _)| *at),
                wake,
            ];
            let Some(now) = times.into_iter().flatten().min() else { break };
            let mut awake = wake.is_some_and(|at| at <= now);
            if let Some((_, count)) = pushes.next_if(|(at, _)| *at <= now) {
                for _ in 0..count {
                    awake |= pipeline.push(next_item, now) == Pushed::Wake;
                    next_item += 1;
                }
            }
            if let Some((_, batch)) = answer.take_if(|(at, _)| *at <= now) {
                let outcome = if failures.next() == Some(true) {
                    Outcome::Retry { after: None }
                } else {
                    delivered.extend_from_slice(&batch.items);
                    Outcome::Exported { rejected: 0 }
                };
                pipeline.complete(batch.id, outcome, now, MIDDLE);
                awake = true;
            }
            while awake {
                match pipeline.poll(now, MIDDLE) {
                    Next::Export(batch) => {
                        prop_assert!(answer.is_none());
                        answer = Some((now + latency, HandedOut::new(&pipeline, batch)));
                    }
                    Next::Wait(until) => {
                        wake = until;
                        awake = false;
                    }
                    Next::Done => unreachable!("never shut down"),
                }
            }
        }
        prop_assert_eq!(delivered, (0..next_item).collect::<Vec<_>>());
    }

    #[test]
    fn a_pause_is_never_longer_than_its_bound_whatever_the_settings(
        multiplier in any::<f32>(),
        jitter in any::<f32>(),
        random in any::<f32>(),
        attempt in any::<u32>(),
        initial_backoff in any::<u64>(),
        max_backoff in any::<u64>(),
    ) {
        let retry = Retry {
            max_attempts: 5,
            initial_backoff: Duration::from_secs(initial_backoff),
            multiplier,
            max_backoff: Duration::from_millis(max_backoff),
            jitter,
            ..Retry::default()
        };
        prop_assert!(retry.backoff(attempt, random) <= retry.max_backoff);
    }

    #[test]
    fn a_default_pause_strays_by_a_fifth_at_most(attempt in 1..9_u32, random in 0.0..=1.0_f32) {
        let retry = Retry::default();
        let middle = retry.backoff(attempt, MIDDLE).as_secs_f32();
        let pause = retry.backoff(attempt, random).as_secs_f32();
        prop_assert!((pause - middle).abs() <= 0.201 * middle, "{pause} of {middle}");
    }
}
