use super::*;

const NOON: u64 = 1_800_000_000 * SECOND;
const SECOND: u64 = 1_000_000_000;
const MILLISECOND: u64 = 1_000_000;

fn secs(secs: u64) -> u64 {
    secs * SECOND
}

#[test]
fn an_anchor_that_tells_the_time_is_kept() {
    let anchor = Anchor { origin: NOON };
    let date = NOON + secs(60) + 150 * MILLISECOND;
    assert_eq!(anchor.repaired(secs(60), date), anchor);
}

#[test]
fn after_a_sleep_new_traces_have_the_time_of_day_again() {
    let slept = secs(3600);
    let anchor = Anchor { origin: NOON }.repaired(secs(60), NOON + secs(60) + slept);
    assert_eq!(anchor.unix_nanos(secs(61)), NOON + slept + secs(61));
}

#[test]
fn a_clock_that_was_set_back_is_followed_too() {
    let anchor = Anchor { origin: NOON }.repaired(secs(600), NOON);
    assert_eq!(anchor.unix_nanos(secs(600)), NOON);
    assert_eq!(anchor.repaired(secs(601), NOON + secs(1)), anchor);
}

#[test]
fn within_a_trace_a_duration_is_that_of_the_monotonic_clock() {
    let anchor = Anchor { origin: NOON };
    let start = anchor.unix_nanos(1_000_250_000);
    let end = anchor.unix_nanos(1_000_750_000);
    assert_eq!(end - start, 500_000);
}

#[test]
fn a_date_before_the_page_began_does_not_underflow() {
    let anchor = Anchor { origin: NOON }.repaired(secs(10), secs(1));
    assert_eq!(anchor.unix_nanos(secs(10)), secs(10));
}

#[test]
fn only_a_reading_of_this_moment_in_whole_milliseconds_is_taken_for_now() {
    assert!(is_reading_of_date(NOON, NOON + MILLISECOND));
    assert!(!is_reading_of_date(NOON, NOON + 3 * MILLISECOND));
    assert!(!is_reading_of_date(NOON + 1_000, NOON));
}
