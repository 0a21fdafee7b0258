//! The browser's clock and calendar.

use js_sys::Date;
use wasm_bindgen::JsValue;

const NANOS_PER_MILLI: u64 = 1_000_000;

/// Nanoseconds since the Unix epoch.
#[expect(clippy::cast_possible_truncation, reason = "a whole, positive number")]
pub(crate) fn now() -> u64 {
    Date::now() as u64 * NANOS_PER_MILLI
}

/// `2026-11-22 18:02:03.123456789`, in the time zone of the browser, with every digit that was received.
pub(crate) fn exact(nanos: u64) -> String {
    let date = date(nanos);
    format!(
        "{}-{:02}-{:02} {}.{:09}",
        date.get_full_year(),
        date.get_month() + 1,
        date.get_date(),
        time_of_day(&date),
        nanos % 1_000_000_000
    )
}

/// `18:02:03.123`, in the time zone of the browser.
pub(crate) fn time(nanos: u64) -> String {
    format!(
        "{}.{:03}",
        time_of_day(&date(nanos)),
        nanos / NANOS_PER_MILLI % 1_000
    )
}

/// RFC 3339 in UTC, for machines.
pub(crate) fn iso(nanos: u64) -> String {
    date(nanos).to_iso_string().into()
}

fn time_of_day(date: &Date) -> String {
    format!(
        "{:02}:{:02}:{:02}",
        date.get_hours(),
        date.get_minutes(),
        date.get_seconds()
    )
}

fn date(nanos: u64) -> Date {
    Date::new(&JsValue::from_f64((nanos / NANOS_PER_MILLI) as f64))
}
