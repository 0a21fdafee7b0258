//! The turn of an interaction: from its event to the next macrotask, during which its context is current.
//!
//! A listener at the end of the bubbling phase would be the obvious way to end a turn, but `stopPropagation` skips it,
//! and delegated handlers and `submit` come after it. A message to oneself arrives when the whole task is over,
//! microtasks included.

use std::cell::RefCell;
use std::mem::ManuallyDrop;
use std::rc::Rc;

use opentelemetry::{Context, ContextGuard};
use wasm_bindgen::JsValue;
use web_sys::{Element, Event, MessageChannel};

use super::roots::{self, Interaction};
use super::{Kind, control};
use crate::page;

/// The interaction whose turn it is.
struct Turn {
    kind: Kind,
    interaction: Rc<Interaction>,
    event: Event,
    /// The form's event, which may have come after a click.
    submit: Option<Event>,
    current: ContextGuard,
}

struct Turns {
    turn: Option<Turn>,
    count: u32,
    /// Where a message to ourselves is posted.
    port: JsValue,
}

thread_local! {
    /// As long as the page lives.
    static TURNS: ManuallyDrop<RefCell<Turns>> = const {
        ManuallyDrop::new(RefCell::new(Turns { turn: None, count: 0, port: JsValue::UNDEFINED }))
    };
}

/// Makes an interaction's context current until the next macrotask.
pub(crate) fn begin(interaction: Rc<Interaction>, kind: Kind, event: &Event) {
    close();
    let turn = Turn {
        kind,
        current: interaction.cx.clone().attach(),
        interaction,
        event: event.clone(),
        submit: None,
    };
    let port = turns(|turns| {
        turns.turn = Some(turn);
        turns.count = turns.count.wrapping_add(1);
        if turns.port.is_undefined() {
            turns.port = to_ourselves().unwrap_or(JsValue::UNDEFINED);
        }
        turns.port.clone()
    });
    match port {
        Some(port) if !port.is_undefined() => {
            control::call(&port, "postMessage", "");
        }
        // Then the turn would have no end.
        _ => close(),
    }
}

/// A form is sent by this event, unless a listener prevents it: if that is the present turn's doing, it may be the end
/// of the page.
pub(crate) fn submits(event: &Event) {
    let key = Context::map_current(roots::key);
    with_turn(|turn| {
        if roots::key(&turn.interaction.cx) == key {
            turn.submit = Some(event.clone());
        }
    });
}

/// The number of the present turn, for [`end_others`].
pub(crate) fn number() -> Option<u32> {
    turns(|turns| turns.turn.as_ref().map(|_| turns.count))?
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
    with_turn(|turn| turn.is_dispatching()).unwrap_or(false)
}

/// Whether the current context is so only because of the turn, after the listeners have run.
pub(crate) fn is_afterglow() -> bool {
    let key = Context::map_current(roots::key);
    with_turn(|turn| roots::key(&turn.interaction.cx) == key && !turn.is_dispatching())
        .unwrap_or(false)
}

/// Whether the browser makes the click on this control itself: because its label was clicked, or because something was
/// chosen from its list.
pub(crate) fn clicks(control: &Element) -> bool {
    with_turn(|turn| match turn.kind {
        Kind::Change => turn.interaction.control == *control,
        _ => control::labelled(&turn.interaction.control).as_ref() == Some(control),
    })
    .unwrap_or(false)
}

fn close() {
    if let Some(turn) = turns(|turns| turns.turn.take()).flatten() {
        let is_leaving = turn.submit.as_ref().is_some_and(control::is_leaving);
        drop(turn.current);
        roots::handled(&turn.interaction.cx, is_leaving);
    }
}

/// Makes the channel; what is posted to the port that is returned ends the present turn: it has begun before.
fn to_ourselves() -> Option<JsValue> {
    let channel = MessageChannel::new().ok()?;
    let port = page::property(&channel, "port1");
    let on_message = page::callback(close);
    page::set(&port, "onmessage", on_message);
    Some(page::property(&channel, "port2"))
}

fn with_turn<T>(f: impl FnOnce(&mut Turn) -> T) -> Option<T> {
    turns(|turns| turns.turn.as_mut().map(f))?
}

fn turns<T>(f: impl FnOnce(&mut Turns) -> T) -> Option<T> {
    TURNS.with(|turns| Some(f(&mut *turns.try_borrow_mut().ok()?)))
}

// === impl Turn ===

impl Turn {
    fn is_dispatching(&self) -> bool {
        page::is(&self.event, "eventPhase")
    }
}
