use super::*;

const ID: &str = "6ba7b810-9dad-41d1-80b4-00c04fd430c8";
const MINUTE: u64 = 60_000;
const NOON: u64 = 1_800_000_000_000;

fn session(started: u64, active: u64) -> Stored {
    let id = ID.to_owned();
    Stored {
        id,
        started,
        active,
    }
}

fn is_live(session: &Stored, now: u64) -> bool {
    session.is_live(now, Limits::of(Session::default()))
}

#[test]
fn what_is_written_is_read_again() {
    let session = session(NOON, NOON + MINUTE);
    let text = session.write();
    assert_eq!(text.len(), 64);
    assert_eq!(Stored::read(&text), Some(session));
}

#[test]
fn what_somebody_else_has_written_is_no_session() {
    let text = session(NOON, NOON).write();
    let too_long = text.clone() + "0";
    let in_two_bytes = text.replacen('6', "é", 1);
    let no_digit = text.replacen('6', "x", 1);
    for text in ["", "null", &text[1..], &too_long, &in_two_bytes, &no_digit] {
        assert_eq!(Stored::read(text), None, "{text}");
    }
}

#[test]
fn a_session_ends_after_fifteen_idle_minutes_and_after_four_hours_in_any_case() {
    assert!(is_live(&session(NOON, NOON), NOON + 15 * MINUTE - 1));
    assert!(!is_live(&session(NOON, NOON), NOON + 15 * MINUTE));
    let end = NOON + 240 * MINUTE;
    assert!(is_live(&session(NOON, end - 1), end - 1));
    assert!(!is_live(&session(NOON, end - 1), end));
}

#[test]
fn a_clock_set_back_a_little_ends_no_session_and_one_set_back_a_day_leaves_none_for_ever() {
    assert!(is_live(&session(NOON, NOON), NOON - 10 * MINUTE));
    assert!(!is_live(&session(NOON, NOON), NOON - 24 * 60 * MINUTE));
}

#[test]
fn limits_without_an_end_are_no_overflow() {
    let limits = Session {
        max_duration: Duration::MAX,
        idle: Duration::MAX,
        ..Session::default()
    };
    assert!(session(0, 0).is_live(NOON, Limits::of(limits)));
}

#[test]
fn the_randomness_is_the_last_56_bits_of_the_uuid() {
    assert_eq!(session(0, 0).randomness(), 0xb4_00c0_4fd4_30c8);
}
