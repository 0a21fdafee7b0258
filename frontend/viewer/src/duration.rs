//! Durations and moments as a person reads them.

const MICRO: u64 = 1_000;
const MILLI: u64 = 1_000_000;
const SECOND: u64 = 1_000_000_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;

/// Three significant digits in the unit that keeps them short: `850 ns`, `12.3 µs`, `1.20 ms`, `45.0 s`, `2 min 05 s`.
pub fn format(nanos: u64) -> String {
    let nanos = round_to_three_digits(nanos);
    match nanos {
        0..MICRO => format!("{nanos} ns"),
        MICRO..MILLI => format!("{} µs", three_digits(nanos, MICRO)),
        MILLI..SECOND => format!("{} ms", three_digits(nanos, MILLI)),
        SECOND..MINUTE => format!("{} s", three_digits(nanos, SECOND)),
        MINUTE..HOUR => format!("{} min {:02} s", nanos / MINUTE, nanos % MINUTE / SECOND),
        HOUR.. => format!("{} h {:02} min", nanos / HOUR, nanos % HOUR / MINUTE),
    }
}

/// As [`format()`], without digits that say nothing: `50 ms`, `1.5 s`. For the ticks of an axis.
pub fn format_round(nanos: u64) -> String {
    let text = format(nanos);
    match text.split_once(' ') {
        _ if nanos == 0 => "0".into(),
        Some((number, unit)) if number.contains('.') => {
            format!(
                "{} {unit}",
                number.trim_end_matches('0').trim_end_matches('.')
            )
        }
        _ => text,
    }
}

/// A moment relative to another: `+1.20 ms`, `−3.00 s`.
pub fn format_offset(moment: u64, origin: u64) -> String {
    if moment >= origin {
        format!("+{}", format(moment - origin))
    } else {
        format!("−{}", format(origin - moment))
    }
}

/// How long ago, coarsely: `now`, `12 s ago`, `5 min ago`, `3 h ago`, `2 d ago`. A moment in the future (another
/// clock) is `now`.
pub fn format_ago(moment: u64, now: u64) -> String {
    let seconds = now.saturating_sub(moment) / SECOND;
    match seconds {
        0..2 => "now".into(),
        2..60 => format!("{seconds} s ago"),
        60..3_600 => format!("{} min ago", seconds / 60),
        3_600..86_400 => format!("{} h ago", seconds / 3_600),
        86_400.. => format!("{} d ago", seconds / 86_400),
    }
}

/// Below a minute; above, seconds are exact enough. Rounds before the unit is chosen: 999 999 ns is 1.00 ms.
fn round_to_three_digits(nanos: u64) -> u64 {
    if nanos >= MINUTE {
        return nanos;
    }
    let mut unit = 1;
    while nanos / unit >= 1_000 {
        unit *= 10;
    }
    (nanos + unit / 2) / unit * unit
}

fn three_digits(nanos: u64, unit: u64) -> String {
    let (whole, rest) = (nanos / unit, nanos % unit);
    match whole {
        0..10 => format!("{whole}.{:02}", rest * 100 / unit),
        10..100 => format!("{whole}.{}", rest * 10 / unit),
        100.. => whole.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_has_three_significant_digits_in_a_unit_that_keeps_it_short() {
        let cases = [
            (0, "0 ns"),
            (7, "7 ns"),
            (850, "850 ns"),
            (1_000, "1.00 µs"),
            (12_345, "12.3 µs"),
            (999_499, "999 µs"),
            (999_600, "1.00 ms"),
            (1_204_000, "1.20 ms"),
            (312_900_000, "313 ms"),
            (1_999_999_999, "2.00 s"),
            (45_000_000_000, "45.0 s"),
            (59_999_999_999, "1 min 00 s"),
            (125_000_000_000, "2 min 05 s"),
            (3_720_000_000_000, "1 h 02 min"),
        ];
        for (nanos, text) in cases {
            assert_eq!(format(nanos), text, "{nanos}");
        }
        assert!(format(u64::MAX).ends_with(" min"));
    }

    #[test]
    fn a_tick_has_no_digits_that_say_nothing() {
        assert_eq!(format_round(0), "0");
        assert_eq!(format_round(50_000_000), "50 ms");
        assert_eq!(format_round(100_000_000), "100 ms");
        assert_eq!(format_round(1_500_000_000), "1.5 s");
    }

    #[test]
    fn a_moment_before_the_origin_has_a_minus() {
        assert_eq!(format_offset(2_200_000, 1_000_000), "+1.20 ms");
        assert_eq!(format_offset(1_000_000, 2_200_000), "−1.20 ms");
    }

    #[test]
    fn the_future_of_another_clock_is_now() {
        assert_eq!(format_ago(10 * SECOND, 0), "now");
        assert_eq!(format_ago(0, 12 * SECOND), "12 s ago");
        assert_eq!(format_ago(0, 3 * HOUR), "3 h ago");
    }
}
