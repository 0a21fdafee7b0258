//! Long animation frames: an event for each frame that took 50 ms or more, with the script that took the most of it.
//!
//! Where the browser does not know them, the same for long tasks, which have no scripts; where it knows neither, nothing.

use std::cell::Cell;

use opentelemetry::trace::SpanContext;
use throughline_core::names::{browser, scope};
use throughline_core::redact;
use wasm_bindgen::JsValue;

use crate::consent;
use crate::logs::{Record, severity};
use crate::otlp::Any;
use crate::page::{self, property};
use crate::performance::{self, number, text};

/// Events of one page at most, those before the client began among them: a page that always stutters has been seen.
pub(crate) const MAX_LONG_FRAMES: u32 = 50;

thread_local! {
    static SEEN: Cell<u32> = const { Cell::new(0) };
}

/// Observes the page.
pub(crate) fn install() {
    if performance::observe("long-animation-frame", 0, see).is_none() {
        performance::observe("longtask", 0, see);
    }
}

fn see(entry: &JsValue) {
    let seen = SEEN.get();
    if seen >= MAX_LONG_FRAMES || !consent::is_given() {
        return;
    }
    SEEN.set(seen + 1);
    let is_task = text(entry, "entryType") == "longtask";
    let event_name = match is_task {
        true => browser::LONG_TASK,
        false => browser::LONG_ANIMATION_FRAME,
    };
    let mut record = Record::new(event_name, severity::INFO);
    let mut set_millis = |key, entry: &JsValue, name| {
        record.set(key, &Any::Double(number(entry, name)));
    };
    set_millis(browser::LONG_DURATION, entry, "duration");
    if !is_task {
        set_millis(browser::LONG_BLOCKING_DURATION, entry, "blockingDuration");
    }
    if let Some(script) = longest_script(entry) {
        set_millis(browser::LONG_SCRIPT_DURATION, &script, "duration");
        // An invoker is a selector and a handler, or the address of the script.
        for (key, name) in [
            (browser::LONG_INVOKER, "invoker"),
            (browser::LONG_SOURCE_URL, "sourceURL"),
        ] {
            let text = text(&script, name);
            if !text.is_empty() {
                record.set(key, &Any::Text(&redact::url(&text)));
            }
        }
    }
    record.at = Some(performance::unix_nanos(number(entry, "startTime")));
    // A frame is nobody's alone: what is current while it is told of has nothing to do with it.
    record.span = Some(SpanContext::NONE);
    record.send_as(scope::FRAMES);
}

fn longest_script(frame: &JsValue) -> Option<JsValue> {
    let mut longest = None;
    let mut most = 0.0;
    page::find(&property(frame, "scripts"), &mut |script| {
        let duration = number(script, "duration");
        if duration > most {
            most = duration;
            longest = Some(script.clone());
        }
        false
    });
    longest
}
