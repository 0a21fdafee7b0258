//! The turn of an interaction: from its event to the next macrotask, during which its context is current.
//!
//! A listener at the end of the bubbling phase would be the obvious way to end a turn, but `stopPropagation` skips it,
//! and delegated handlers and `submit` come after it. A message to oneself arrives when the whole task is over,
//! microtasks included.

use std::cell::{Cell, OnceCell};
use std::mem::ManuallyDrop;

use opentelemetry::{Context, ContextGuard};
use wasm_bindgen::JsValue;
use web_sys::{Event, MessageChannel};

use super::{control, roots};
use crate::{context, page};

/// The interaction whose turn it is.
struct Turn {
    /// By which its root is known.
    key: u64,
    /// The control that the browser clicks itself because of it.
    clicked: JsValue,
    event: Event,
    /// The event by which a form is sent to load another page, or `undefined`. It may have come after a click.
    submit: JsValue,
    current: ContextGuard,
}

thread_local! {
    /// As long as the page lives.
    static TURN: ManuallyDrop<Cell<Option<Box<Turn>>>> = const { ManuallyDrop::new(Cell::new(None)) };
    /// Where a message to ourselves is posted.
    static PORT: ManuallyDrop<OnceCell<JsValue>> = const { ManuallyDrop::new(OnceCell::new()) };
}

/// Makes the channel; what is posted to its port ends the present turn: it has begun before.
pub(crate) fn install() {
    if let Ok(channel) = MessageChannel::new() {
        let ours = page::property(&channel, "port1");
        page::set(&ours, "onmessage", page::calling(close));
        PORT.with(|port| port.set(page::property(&channel, "port2")).ok());
    }
}

/// Makes an interaction's context current until the next macrotask. The browser may make a click of its own on `clicked`.
pub(crate) fn begin(cx: &Context, clicked: JsValue, event: &Event) {
    close();
    let key = roots::key(cx);
    roots::handling(key);
    let turn = Box::new(Turn {
        key,
        clicked,
        event: event.clone(),
        submit: JsValue::UNDEFINED,
        current: cx.clone().attach(),
    });
    TURN.with(|it| it.set(Some(turn)));
    let is_posted = PORT.with(|port| {
        port.get().is_some_and(|port| {
            page::call(port, "postMessage", JsValue::NULL, JsValue::UNDEFINED).is_ok()
        })
    });
    if !is_posted {
        // The turn would have no end.
        close();
    }
}

/// A form is sent by this event, unless a listener prevents it: if that is the present turn's doing, it may be the end
/// of the page.
pub(crate) fn submits(event: &Event) {
    if control::is_leaving(event) {
        let key = context::current_root();
        with(|turn| {
            if let Some(turn) = turn
                && turn.key == key
            {
                turn.submit = event.into();
            }
        });
    }
}

/// By which the present turn is known, for [`end_others`].
#[expect(clippy::cast_possible_truncation, reason = "half of it is random, too")]
pub(crate) fn number() -> Option<u32> {
    present().map(|(key, _)| key as u32)
}

/// A new macrotask has begun: a turn other than `number` is over, even if its message is still on its way. Unless its
/// listeners are being called: then one of them has given the answer that a wrapper below ours held back.
pub(crate) fn end_others(number: Option<u32>) {
    if self::number() != number && !is_dispatching() {
        close();
    }
}

/// Whether the listeners of the turn's event are being called, so that whatever runs is its doing.
///
/// Afterwards, until the message arrives, another task (a timer's, say) may run while the context is still current.
pub(crate) fn is_dispatching() -> bool {
    present().is_some_and(|(_, is_dispatching)| is_dispatching)
}

/// Whether the context of this key is current only because of the turn, after the listeners have run.
pub(crate) fn is_afterglow(key: u64) -> bool {
    present() == Some((key, false))
}

/// Whether the browser makes the click on this control itself: because its label was clicked, or because something was
/// chosen from its list.
pub(crate) fn clicks(control: &JsValue) -> bool {
    with(|turn| turn.as_ref().is_some_and(|turn| turn.clicked == *control))
}

fn close() {
    if let Some(turn) = TURN.with(|it| it.take()) {
        let submit = &turn.submit;
        let is_leaving = submit.is_object() && !page::is(submit, "defaultPrevented");
        drop(turn.current);
        roots::handled(turn.key, is_leaving);
    }
}

/// The key of the present turn's root, and whether its listeners are being called.
#[inline(never)]
fn present() -> Option<(u64, bool)> {
    with(|turn| {
        let turn = turn.as_ref()?;
        Some((turn.key, page::is(&turn.event, "eventPhase")))
    })
}

/// What `f` says of the present turn.
fn with<T>(f: impl FnOnce(&mut Option<Box<Turn>>) -> T) -> T {
    TURN.with(|it| {
        let mut turn = it.take();
        let said = f(&mut turn);
        it.set(turn);
        said
    })
}
