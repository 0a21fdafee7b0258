//! Long animation frames: an event for each frame that took 50 ms or more, with the script that took the most of it.
//!
//! Where the browser does not know them, the same for long tasks, which have no scripts; where it knows neither, nothing.

use std::cell::Cell;

use opentelemetry::trace::SpanContext;
use throughline_core::names::{browser, scope};
use throughline_core::otlp::Any;
use throughline_core::redact;
use wasm_bindgen::JsValue;

use crate::consent;
use crate::logs::{Record, severity};
use crate::page::{self, property};
use crate::performance::{self, number, text};

/// Events of one page at most, those before the client began among them: a page that always stutters has been seen.
pub(crate) const MAX_LONG_FRAMES: u32 = 50;

thread_local! {
    static SEEN: Cell<u32> = const { Cell::new(0) };
}

/// Observes the page.
pub(crate) fn install() {
    if performance::observe(&["long-animation-frame"], see).is_none() {
        performance::observe(&["longtask"], see);
    }
}

fn see(entry: &JsValue) {
    let seen = SEEN.get();
    if seen >= MAX_LONG_FRAMES || !consent::is_given() {
        return;
    }
    SEEN.set(seen + 1);
    let event_name = match text(entry, "entryType") == "longtask" {
        true => browser::LONG_TASK,
        false => browser::LONG_ANIMATION_FRAME,
    };
    let mut record = Record::new(event_name, severity::INFO);
    set(&mut record, browser::LONG_DURATION, entry, "duration");
    set(
        &mut record,
        browser::LONG_BLOCKING_DURATION,
        entry,
        "blockingDuration",
    );
    let script = longest_script(entry);
    set(
        &mut record,
        browser::LONG_SCRIPT_DURATION,
        &script,
        "duration",
    );
    // An invoker is a selector and a handler, or the address of the script.
    set(&mut record, browser::LONG_INVOKER, &script, "invoker");
    set(&mut record, browser::LONG_SOURCE_URL, &script, "sourceURL");
    record.at = Some(performance::unix_nanos(number(entry, "startTime")));
    // A frame is nobody's alone: what is current while it is told of has nothing to do with it.
    record.span = Some(SpanContext::NONE);
    record.send_as(scope::FRAMES);
}

/// Sets what a property says, if it says something.
#[inline(never)]
fn set(record: &mut Record, key: &str, of: &JsValue, name: &str) {
    let value = property(of, name);
    if let Some(millis) = value.as_f64() {
        record.set(key, &Any::Double(millis));
    } else if let Some(text) = value.as_string() {
        record.set_text(key, &redact::url(&text));
    }
}

/// The script that took the most of a frame, or `undefined`.
fn longest_script(frame: &JsValue) -> JsValue {
    let mut longest = JsValue::UNDEFINED;
    page::find(&property(frame, "scripts"), &mut |script| {
        if number(script, "duration") > number(&longest, "duration") {
            longest = script.clone();
        }
        false
    });
    longest
}
