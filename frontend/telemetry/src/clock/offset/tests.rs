use super::*;

const MILLISECOND: u64 = 1_000_000;
const SECOND: u64 = 1_000 * MILLISECOND;
const NOON: u64 = 1_800_000_000 * SECOND;
const ROUND_TRIP: u64 = 30 * MILLISECOND;

/// An answer to what was sent at this time, from a server whose clock is `ahead`, in whole seconds.
fn answer(ahead: i64, sent: u64) -> Offset {
    let handled = (NOON + sent + ROUND_TRIP / 2).saturating_add_signed(ahead);
    Offset::of(NOON, handled / SECOND * SECOND, sent, sent + ROUND_TRIP)
}

#[test]
fn each_answer_holds_the_offset_and_many_narrow_it_to_a_few_round_trips() {
    const MINUTE: i64 = 60_000_000_000;
    for ahead in [0, 250_000_000, -10 * MINUTE, 10 * MINUTE, 1_234_500_000] {
        let mut offset = answer(ahead, 0);
        assert!(offset.most - offset.least >= 1_000_000_000);
        for count in 1..200 {
            offset = offset.and(answer(ahead, count * 1_618 * MILLISECOND));
            assert!((offset.least..=offset.most).contains(&ahead), "{offset:?}");
        }
        let width = offset.most - offset.least;
        assert!(width <= 60_000_000, "{width}");
    }
}

#[test]
fn when_the_server_s_clock_is_set_the_last_answer_counts() {
    let before = answer(0, 0);
    let after = answer(600_000_000_000, SECOND);
    assert_eq!(before.and(after), after);
}

#[test]
fn when_our_clock_was_repaired_the_last_answer_counts() {
    let before = answer(0, 0);
    let after = Offset {
        origin: NOON + 1,
        ..before
    };
    assert_eq!(before.and(after), after);
}

#[test]
fn a_date_beyond_all_bounds_is_no_overflow() {
    for date in [0, u64::MAX] {
        let strange = Offset::of(NOON, date, 0, 1);
        assert_eq!(answer(0, 0).and(strange), strange);
    }
}
