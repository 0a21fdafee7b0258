//! Panics of the module.
//!
//! WebAssembly does not unwind: after the hook the module traps, in the middle of whatever it was doing. So the hook
//! hands over everything at once, and takes nothing that may still be borrowed.

use std::cell::Cell;
use std::panic::{self, PanicHookInfo};

use throughline_core::otlp::cut;
use wasm_bindgen::JsValue;

use super::thrown::text;
use super::{Exception, record};
use crate::logs::severity::FATAL;
use crate::{export, lifecycle, limits, page};

/// Frames of a stack: those of the panic itself take half of the ten that V8 writes by default.
const MAX_FRAMES: u32 = 50;

thread_local! {
    static HANDLING: Cell<bool> = const { Cell::new(false) };
    static TOLD: Cell<bool> = const { Cell::new(false) };
}

/// Puts our hook before that which is there, and before one that the application sets after us in the same task:
/// `console_error_panic_hook` replaces what it finds.
pub(super) fn install() {
    put_first();
    page::queue_microtask(&page::calling(put_first));
}

/// Whether a panic was the last thing that was told of.
pub(super) fn was_just_told() -> bool {
    TOLD.replace(false)
}

fn put_first() {
    // Where a panic is under way hooks cannot be set, and without unwinding it always is.
    if std::thread::panicking() {
        return;
    }
    let previous = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        let is_inner = HANDLING.replace(true);
        // First the developer's console, then ours.
        previous(info);
        if !is_inner {
            tell(info);
            HANDLING.set(false);
        }
    }));
}

fn tell(info: &PanicHookInfo<'_>) {
    let message = info.payload_as_str().unwrap_or_default();
    let exception = Exception {
        class: "panic".to_owned(),
        message: cut(message, limits::get().attributes.value_bytes).to_owned(),
        stacktrace: stack_here(),
        ..Exception::default()
    };
    record(&exception, FATAL, info.location());
    TOLD.set(true);
    export::send_all();
    // The panic is with the browser. What is open ends with it, which runs more code.
    lifecycle::end_all();
    export::send_all();
}

/// Where this is called, with the offsets of the frames in the module.
fn stack_here() -> String {
    let (class, limit) = (page::global("Error"), "stackTraceLimit");
    let before = page::property(&class, limit);
    page::set(&class, limit, MAX_FRAMES);
    let none = JsValue::UNDEFINED;
    let error = page::apply(&class, &none, none.clone(), none.clone(), none.clone());
    let stack = text(&page::property(&error.unwrap_or_default(), "stack"));
    page::set(&class, limit, before);
    stack
}
