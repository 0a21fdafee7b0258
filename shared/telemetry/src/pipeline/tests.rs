//! Behaviour, in sentences. What must hold for every sequence of calls is in `properties`.

mod properties;

use std::time::Duration;

use super::*;

const ZERO: Duration = Duration::ZERO;
/// The middle of the jitter: pauses have exactly their length.
const MIDDLE: f32 = 0.5;

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn small() -> Settings {
    Settings {
        max_queue_size: 8,
        max_export_batch_size: 3,
        ..Settings::default()
    }
}

fn pipeline_of(items: impl IntoIterator<Item = u32>) -> Pipeline<u32> {
    let mut pipeline = Pipeline::new(small());
    for item in items {
        let _ = pipeline.push(item, ZERO);
    }
    pipeline
}

/// A batch, with the items that it had when it was handed out.
#[derive(Clone, Debug)]
struct HandedOut<T> {
    id: BatchId,
    items: Vec<T>,
    attempt: u32,
    deadline: Duration,
}

impl<T: Clone> HandedOut<T> {
    fn new(pipeline: &Pipeline<T>, batch: Batch) -> Self {
        Self {
            id: batch.id,
            items: pipeline.items(batch.id).cloned().collect(),
            attempt: batch.attempt,
            deadline: batch.deadline(),
        }
    }
}

#[track_caller]
fn export<T: Clone>(pipeline: &mut Pipeline<T>, now: Duration) -> HandedOut<T> {
    match pipeline.poll(now, MIDDLE) {
        Next::Export(batch) => HandedOut::new(pipeline, batch),
        other => panic!("expected an export at {now:?}, got {other:?}"),
    }
}

#[track_caller]
fn wait(pipeline: &mut Pipeline<u32>, now: Duration) -> Option<Duration> {
    match pipeline.poll(now, MIDDLE) {
        Next::Wait(until) => until,
        other => panic!("expected a wait at {now:?}, got {other:?}"),
    }
}

fn drain(pipeline: &mut Pipeline<u32>, max_items: usize) -> Option<HandedOut<u32>> {
    let batch = pipeline.drain(max_items, usize::MAX, ZERO)?;
    Some(HandedOut::new(pipeline, batch))
}

fn fail(pipeline: &mut Pipeline<u32>, batch: &HandedOut<u32>, now: Duration) {
    pipeline.complete(batch.id, Outcome::Retry { after: None }, now, MIDDLE);
}

fn succeed(pipeline: &mut Pipeline<u32>, batch: &HandedOut<u32>) {
    pipeline.complete(batch.id, Outcome::Exported { rejected: 0 }, ZERO, MIDDLE);
}

// --- queue and batches ---

#[test]
fn the_first_item_wakes_the_driver_and_is_exported_after_the_schedule_delay() {
    let mut pipeline = Pipeline::new(small());
    assert_eq!(wait(&mut pipeline, ZERO), None);
    assert_eq!(pipeline.push(1, secs(1)), Pushed::Wake);
    assert_eq!(pipeline.push(2, secs(2)), Pushed::Queued);
    assert_eq!(wait(&mut pipeline, secs(2)), Some(secs(6)));
    assert_eq!(*export(&mut pipeline, secs(6)).items, [1, 2]);
}

#[test]
fn a_full_batch_is_exported_at_once_and_the_rest_waits_for_its_own_delay() {
    let mut pipeline = pipeline_of([1, 2]);
    assert_eq!(pipeline.push(3, secs(1)), Pushed::Wake);
    assert_eq!(pipeline.push(4, secs(2)), Pushed::Wake);
    let batch = export(&mut pipeline, secs(2));
    assert_eq!(*batch.items, [1, 2, 3]);
    succeed(&mut pipeline, &batch);
    assert_eq!(wait(&mut pipeline, secs(2)), Some(secs(7)));
}

#[test]
fn a_second_export_waits_for_the_end_of_the_first() {
    let mut pipeline = pipeline_of(1..=6);
    let first = export(&mut pipeline, ZERO);
    assert_eq!(wait(&mut pipeline, ZERO), Some(first.deadline));
    succeed(&mut pipeline, &first);
    assert_eq!(*export(&mut pipeline, ZERO).items, [4, 5, 6]);
}

#[test]
fn a_full_queue_drops_what_comes_and_counts_it_those_on_their_way_included() {
    let mut pipeline = pipeline_of(1..=8);
    let _on_its_way = export(&mut pipeline, ZERO);
    assert_eq!(
        pipeline.push(9, ZERO),
        Pushed::Dropped(DropReason::QueueFull)
    );
    let ledger = pipeline.ledger();
    assert_eq!((ledger.created, ledger.queued, ledger.exporting), (9, 5, 3));
    assert_eq!(ledger.dropped(DropReason::QueueFull), 1);
    assert!(ledger.balances());
}

#[test]
fn batches_are_cut_by_bytes_too_and_an_item_larger_than_that_travels_alone() {
    let settings = Settings {
        max_batch_bytes: Some(10),
        ..Settings::default()
    };
    let mut pipeline = Pipeline::new_sized(settings, |item: &&str| item.len());
    assert_eq!(pipeline.push("four", ZERO), Pushed::Wake);
    assert_eq!(pipeline.push("five5", ZERO), Pushed::Queued);
    assert_eq!(pipeline.push("larger than any batch", ZERO), Pushed::Wake);
    for expected in [&["four", "five5"][..], &["larger than any batch"]] {
        let batch = export(&mut pipeline, ZERO);
        assert_eq!(*batch.items, *expected);
        pipeline.complete(batch.id, Outcome::Exported { rejected: 0 }, ZERO, MIDDLE);
    }
}

#[test]
fn settings_of_zero_still_make_progress() {
    let settings = Settings {
        max_export_batch_size: 0,
        max_batch_bytes: Some(0),
        schedule_delay: ZERO,
        ..small()
    };
    let mut pipeline = Pipeline::new(settings);
    let _ = pipeline.push(1, ZERO);
    assert_eq!(*export(&mut pipeline, ZERO).items, [1]);
}

// --- outcomes and retries ---

#[test]
fn a_partial_success_counts_the_rejected_items_as_dropped() {
    let mut pipeline = pipeline_of(1..=3);
    let batch = export(&mut pipeline, ZERO);
    pipeline.complete(batch.id, Outcome::Exported { rejected: 1 }, ZERO, MIDDLE);
    let ledger = pipeline.ledger();
    assert_eq!(
        (ledger.exported, ledger.dropped(DropReason::Rejected)),
        (2, 1)
    );
    assert_eq!(
        ledger.drops().collect::<Vec<_>>(),
        [(DropReason::Rejected, 1)]
    );
}

#[test]
fn a_batch_that_can_never_work_is_dropped_for_the_reason_given() {
    let mut pipeline = pipeline_of(1..=3);
    let batch = export(&mut pipeline, ZERO);
    pipeline.complete(
        batch.id,
        Outcome::Dropped(DropReason::Encoding),
        ZERO,
        MIDDLE,
    );
    assert_eq!(pipeline.ledger().dropped(DropReason::Encoding), 3);
}

#[test]
fn a_failed_batch_is_tried_again_before_what_came_after_it() {
    let mut pipeline = pipeline_of(1..=6);
    let first = export(&mut pipeline, ZERO);
    fail(&mut pipeline, &first, secs(1));
    assert_eq!(pipeline.ledger().queued, 6);
    assert_eq!(wait(&mut pipeline, secs(1)), Some(secs(2)));
    let second = export(&mut pipeline, secs(2));
    assert_eq!((&*second.items, second.attempt), (&[1, 2, 3][..], 2));
    assert_ne!(second.id, first.id);
}

#[test]
fn pauses_grow_until_the_last_attempt_drops_the_batch() {
    let mut pipeline = pipeline_of(1..=3);
    let mut now = ZERO;
    let mut pauses = Vec::new();
    for _ in 0..4 {
        let batch = export(&mut pipeline, now);
        fail(&mut pipeline, &batch, now);
        let due = wait(&mut pipeline, now).unwrap();
        pauses.push((due - now).as_millis());
        now = due;
    }
    let last = export(&mut pipeline, now);
    fail(&mut pipeline, &last, now);
    assert_eq!(pauses, [1000, 1500, 2250, 3375]);
    assert_eq!(pipeline.ledger().dropped(DropReason::RetriesExhausted), 3);
}

#[test]
fn the_receiver_can_ask_for_a_longer_pause_but_not_for_a_shorter_or_endless_one() {
    for (asked, pause) in [(20, 20), (0, 1), (86_400, 300)] {
        let mut pipeline = pipeline_of(1..=3);
        let batch = export(&mut pipeline, ZERO);
        let outcome = Outcome::Retry {
            after: Some(secs(asked)),
        };
        pipeline.complete(batch.id, outcome, ZERO, MIDDLE);
        assert_eq!(
            wait(&mut pipeline, ZERO),
            Some(secs(pause)),
            "asked for {asked} s"
        );
    }
}

#[test]
fn an_unanswered_export_is_tried_again_and_its_late_answer_is_ignored() {
    let mut pipeline = pipeline_of(1..=3);
    let late = export(&mut pipeline, ZERO);
    assert_eq!(late.deadline, secs(30));
    assert_eq!(wait(&mut pipeline, secs(30)), Some(secs(31)));
    succeed(&mut pipeline, &late);
    assert_eq!(pipeline.ledger().exported, 0);
    let again = export(&mut pipeline, secs(31));
    succeed(&mut pipeline, &again);
    assert_eq!(pipeline.ledger().exported, 3);
}

#[test]
fn a_batch_that_is_never_answered_is_dropped_as_timed_out() {
    let mut pipeline = pipeline_of(1..=3);
    let mut now = ZERO;
    for _ in 0..5 {
        now = export(&mut pipeline, now).deadline;
        now = wait(&mut pipeline, now).unwrap_or(now);
    }
    assert_eq!(pipeline.ledger().dropped(DropReason::Timeout), 3);
}

// --- flush and shutdown ---

#[test]
fn a_flush_makes_all_due_at_once_and_is_settled_when_all_has_an_outcome() {
    let mut pipeline = pipeline_of(1..=4);
    let mark = pipeline.flush(ZERO);
    for expected in [&[1, 2, 3][..], &[4]] {
        assert!(!pipeline.is_settled(mark));
        let batch = export(&mut pipeline, ZERO);
        assert_eq!(*batch.items, *expected);
        assert!(!pipeline.is_settled(mark));
        succeed(&mut pipeline, &batch);
    }
    assert!(pipeline.is_settled(mark));
}

#[test]
fn what_comes_after_a_flush_neither_hurries_nor_holds_it_up() {
    let mut pipeline = pipeline_of([1]);
    let mark = pipeline.flush(ZERO);
    let batch = export(&mut pipeline, ZERO);
    let _ = pipeline.push(2, secs(1));
    succeed(&mut pipeline, &batch);
    assert!(pipeline.is_settled(mark));
    assert_eq!(wait(&mut pipeline, secs(1)), Some(secs(6)));
}

#[test]
fn a_flush_cuts_our_own_pause_short_but_not_the_one_the_receiver_asked_for() {
    for (after, due_at_once) in [(None, true), (Some(secs(1)), false)] {
        let mut pipeline = pipeline_of(1..=3);
        let batch = export(&mut pipeline, ZERO);
        pipeline.complete(batch.id, Outcome::Retry { after }, ZERO, MIDDLE);
        pipeline.flush(ZERO);
        let next = pipeline.poll(ZERO, MIDDLE);
        assert_eq!(matches!(next, Next::Export(_)), due_at_once, "{after:?}");
    }
}

#[test]
fn a_shutdown_exports_what_waits_and_takes_nothing_more() {
    let mut pipeline = pipeline_of([1]);
    pipeline.shutdown(ZERO, secs(5));
    assert_eq!(
        pipeline.push(2, ZERO),
        Pushed::Dropped(DropReason::Shutdown)
    );
    let batch = export(&mut pipeline, ZERO);
    assert_eq!(wait(&mut pipeline, ZERO), Some(secs(5)));
    succeed(&mut pipeline, &batch);
    assert!(matches!(pipeline.poll(ZERO, MIDDLE), Next::Done));
}

#[test]
fn what_is_left_at_the_shutdowns_deadline_is_dropped_and_late_answers_are_ignored() {
    let mut pipeline = pipeline_of(1..=4);
    let batch = export(&mut pipeline, ZERO);
    pipeline.shutdown(ZERO, secs(5));
    pipeline.shutdown(ZERO, secs(60));
    assert!(matches!(pipeline.poll(secs(5), MIDDLE), Next::Done));
    succeed(&mut pipeline, &batch);
    let ledger = pipeline.ledger();
    assert_eq!(
        (ledger.exported, ledger.dropped(DropReason::Shutdown)),
        (0, 4)
    );
    assert!(ledger.balances());
}

#[test]
fn a_shutdown_does_not_wait_for_what_a_pause_keeps_back_beyond_its_deadline() {
    for (pause, is_waited_for) in [(4, true), (5, false), (20, false)] {
        let mut pipeline = pipeline_of(1..=4);
        let batch = export(&mut pipeline, ZERO);
        pipeline.shutdown(ZERO, secs(5));
        let after = Some(secs(pause));
        pipeline.complete(batch.id, Outcome::Retry { after }, ZERO, MIDDLE);
        let next = pipeline.poll(ZERO, MIDDLE);
        assert_eq!(matches!(next, Next::Wait(_)), is_waited_for, "{pause} s");
        let ledger = pipeline.ledger();
        let dropped = if is_waited_for { 0 } else { 4 };
        assert_eq!(ledger.dropped(DropReason::Shutdown), dropped, "{pause} s");
        assert!(ledger.balances());
    }
}

#[test]
fn a_shutdown_waits_for_what_is_under_way_though_the_rest_is_paused_beyond_its_deadline() {
    let mut pipeline = pipeline_of(1..=3);
    let under_way = drain(&mut pipeline, 2).unwrap();
    pipeline.shutdown(ZERO, secs(5));
    let paused = export(&mut pipeline, ZERO);
    let after = Some(secs(20));
    pipeline.complete(paused.id, Outcome::Retry { after }, ZERO, MIDDLE);
    assert_eq!(wait(&mut pipeline, ZERO), Some(secs(5)));
    succeed(&mut pipeline, &under_way);
    assert!(matches!(pipeline.poll(ZERO, MIDDLE), Next::Done));
    let ledger = pipeline.ledger();
    assert_eq!(
        (ledger.exported, ledger.dropped(DropReason::Shutdown)),
        (2, 1)
    );
}

// --- drain ---

#[test]
fn a_drain_hands_out_what_waits_while_an_export_is_under_way() {
    let mut pipeline = pipeline_of(1..=5);
    let under_way = export(&mut pipeline, ZERO);
    let last = drain(&mut pipeline, usize::MAX).unwrap();
    assert_eq!(*last.items, [4, 5]);
    assert!(drain(&mut pipeline, usize::MAX).is_none());
    assert_eq!(pipeline.ledger().exporting, 5);
    succeed(&mut pipeline, &last);
    succeed(&mut pipeline, &under_way);
    assert_eq!(pipeline.ledger().exported, 5);
}

#[test]
fn a_drain_takes_a_batch_between_two_attempts_too_and_keeps_to_its_limits() {
    let mut pipeline = pipeline_of(1..=5);
    let failed = export(&mut pipeline, ZERO);
    fail(&mut pipeline, &failed, ZERO);
    let drained: Vec<_> = std::iter::from_fn(|| drain(&mut pipeline, 2))
        .map(|batch| batch.items)
        .collect();
    assert_eq!(drained, [&[1, 2][..], &[3, 4], &[5]]);
}

#[test]
fn a_drained_batch_that_nobody_answers_for_is_dropped_not_sent_again() {
    let mut pipeline = pipeline_of([1, 2]);
    let last = drain(&mut pipeline, usize::MAX).unwrap();
    assert_eq!(wait(&mut pipeline, ZERO), Some(last.deadline));
    assert_eq!(wait(&mut pipeline, last.deadline), None);
    assert_eq!(pipeline.ledger().dropped(DropReason::Timeout), 2);
}

#[test]
fn a_drained_batch_that_was_refused_goes_back_to_its_place() {
    let mut pipeline = pipeline_of([1, 2]);
    let last = drain(&mut pipeline, usize::MAX).unwrap();
    let _ = pipeline.push(3, ZERO);
    fail(&mut pipeline, &last, ZERO);
    assert_eq!(pipeline.ledger().queued, 3);
    assert_eq!(*export(&mut pipeline, ZERO).items, [1, 2, 3]);
}

#[test]
fn refused_batches_find_their_places_whatever_the_order_of_the_refusals() {
    let mut pipeline = pipeline_of(1..=3);
    let batches = [1, 2, 3].map(|_| drain(&mut pipeline, 1).unwrap());
    for index in [1, 2, 0] {
        fail(&mut pipeline, &batches[index], ZERO);
    }
    assert_eq!(*export(&mut pipeline, ZERO).items, [1, 2, 3]);
}

#[test]
fn a_batch_that_was_not_sent_can_be_called_back_and_is_handed_out_as_if_for_the_first_time() {
    let mut pipeline = pipeline_of(1..=3);
    let unsent = export(&mut pipeline, ZERO);
    pipeline.recall(unsent.id);
    assert!(!pipeline.is_under_way(unsent.id));
    assert_eq!(pipeline.ledger().queued, 3);
    succeed(&mut pipeline, &unsent);
    let last = drain(&mut pipeline, usize::MAX).unwrap();
    assert_eq!((&*last.items, last.attempt), (&[1, 2, 3][..], 1));
    pipeline.recall(unsent.id);
    assert_eq!(pipeline.ledger().exporting, 3);
}

// --- taking all, forgetting all ---

#[test]
fn what_waits_can_be_taken_and_is_then_no_longer_accounted_for_here() {
    let mut pipeline = pipeline_of(1..=5);
    let under_way = export(&mut pipeline, ZERO);
    let mark = pipeline.flush(ZERO);
    assert_eq!(pipeline.take_all(ZERO), [4, 5]);
    assert!(!pipeline.is_settled(mark));
    succeed(&mut pipeline, &under_way);
    assert!(pipeline.is_settled(mark));
    let ledger = pipeline.ledger();
    assert_eq!((ledger.created, ledger.exported, ledger.queued), (3, 3, 0));
    assert!(ledger.balances());
    assert_eq!(pipeline.push(6, ZERO), Pushed::Wake);
}

#[test]
fn a_batch_between_two_attempts_is_taken_before_what_came_after_it() {
    let mut pipeline = pipeline_of(1..=5);
    let failed = export(&mut pipeline, ZERO);
    fail(&mut pipeline, &failed, ZERO);
    assert_eq!(pipeline.take_all(ZERO), [1, 2, 3, 4, 5]);
    assert_eq!(wait(&mut pipeline, ZERO), None);
    assert_eq!(pipeline.ledger(), Ledger::default());
}

#[test]
fn an_export_past_its_deadline_is_taken_too_and_its_late_answer_is_ignored() {
    let mut pipeline = pipeline_of(1..=3);
    let late = export(&mut pipeline, ZERO);
    assert_eq!(pipeline.take_all(late.deadline), [1, 2, 3]);
    succeed(&mut pipeline, &late);
    assert_eq!(pipeline.ledger(), Ledger::default());
}

#[test]
fn what_is_forgotten_is_dropped_for_the_reason_given_wherever_it_was() {
    let mut pipeline = pipeline_of(1..=5);
    let drained = drain(&mut pipeline, 1).unwrap();
    let under_way = export(&mut pipeline, ZERO);
    pipeline.forget(DropReason::Disabled);
    assert_eq!(pipeline.ledger().dropped(DropReason::Disabled), 5);
    succeed(&mut pipeline, &drained);
    succeed(&mut pipeline, &under_way);
    assert_eq!(wait(&mut pipeline, ZERO), None);
    assert_eq!(pipeline.ledger().exported, 0);
    assert!(pipeline.ledger().balances());
}

#[test]
fn after_a_failed_batch_was_forgotten_the_next_one_is_sent_as_ever() {
    let mut pipeline = pipeline_of(1..=3);
    let failed = export(&mut pipeline, ZERO);
    fail(&mut pipeline, &failed, ZERO);
    pipeline.forget(DropReason::Disabled);
    assert_eq!(pipeline.push(4, ZERO), Pushed::Wake);
    let next = export(&mut pipeline, secs(5));
    assert_eq!((&*next.items, next.attempt), (&[4][..], 1));
}

// --- ledger ---

#[test]
fn items_that_never_reached_the_pipeline_are_accounted_for() {
    let mut pipeline = Pipeline::<u32>::new(small());
    pipeline.record_drop(DropReason::Disabled, 7);
    let ledger = pipeline.ledger();
    assert_eq!((ledger.created, ledger.dropped_total()), (7, 7));
    assert!(ledger.balances());
}

#[test]
fn every_reason_has_a_place_and_a_name_of_its_own() {
    let mut ledger = Ledger::default();
    for (count, reason) in (1..).zip(DropReason::ALL) {
        ledger.drop_items(reason, count);
    }
    let text: Vec<_> = ledger
        .drops()
        .map(|(reason, count)| format!("{reason} {count}"))
        .collect();
    expect_test::expect![[
        "queue_full 1, rejected 2, retries_exhausted 3, timeout 4, shutdown 5, disabled 6, encoding 7"
    ]]
    .assert_eq(&text.join(", "));
}

// --- a store outside ---

#[test]
fn what_a_store_takes_over_is_not_of_this_pipeline_until_it_comes_back_exported() {
    let mut pipeline = pipeline_of(0..3);
    let batch = export(&mut pipeline, ZERO);
    assert!(pipeline.is_under_way(batch.id));
    pipeline.complete(batch.id, Outcome::Stored, ZERO, MIDDLE);
    assert!(!pipeline.is_under_way(batch.id));
    assert_eq!(pipeline.ledger(), Ledger::default());
    assert!(pipeline.ledger().and_stored(3).balances());

    pipeline.record_export(3, 1);
    let ledger = pipeline.ledger();
    assert_eq!((ledger.created, ledger.exported), (3, 2));
    assert!(ledger.balances());
}
