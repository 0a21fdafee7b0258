//! The turn of an interaction: from its event to the next macrotask, during which its context is current.
//!
//! A listener at the end of the bubbling phase would be the obvious way to end a turn, but `stopPropagation` skips it,
//! and delegated handlers and `submit` come after it. A message to oneself arrives when the whole task is over,
//! microtasks included.

use std::cell::{Cell, RefCell};

use js_sys::Function;
use opentelemetry::trace::TraceContextExt;
use opentelemetry::{Context, ContextGuard};
use wasm_bindgen::JsCast;
use wasm_bindgen::{JsValue, prelude::Closure};
use web_sys::{Element, Event, MessageChannel, MessageEvent, MessagePort};

use super::roots;

/// The interaction whose turn it is.
struct Turn {
    number: u32,
    cx: Context,
    event: Event,
    control: Element,
    current: ContextGuard,
}

thread_local! {
    static TURN: RefCell<Option<Turn>> = const { RefCell::new(None) };
    static TURNS: Cell<u32> = const { Cell::new(0) };
    static TO_OURSELVES: Option<MessagePort> = to_ourselves();
}

/// Makes an interaction's context current until the next macrotask.
pub(crate) fn begin(cx: Context, event: Event, control: Element) {
    close();
    let number = TURNS.get().wrapping_add(1);
    TURNS.set(number);
    let turn = Turn {
        number,
        current: cx.clone().attach(),
        cx,
        event,
        control,
    };
    TURN.with(|current| {
        current
            .try_borrow_mut()
            .ok()
            .map(|mut current| current.replace(turn))
    });

    let sent = TO_OURSELVES.with(|port| {
        port.as_ref()
            .is_some_and(|port| port.post_message(&JsValue::from(number)).is_ok())
    });
    if !sent {
        // Then the turn is this microtask's: what is synchronous is still right.
        wasm_bindgen_futures::spawn_local(async move { end(number) });
    }
}

/// The number of the present turn, for [`end_others`].
pub(crate) fn number() -> Option<u32> {
    with_turn(|turn| turn.number)
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
    with_turn(|turn| turn.event.event_phase() != Event::NONE).unwrap_or(false)
}

/// Whether `cx` is current only because of the turn, after the listeners have run.
pub(crate) fn is_afterglow(cx: &Context) -> bool {
    let trace_id = cx.span().span_context().trace_id();
    with_turn(|turn| {
        turn.cx.span().span_context().trace_id() == trace_id
            && turn.event.event_phase() == Event::NONE
    })
    .unwrap_or(false)
}

/// The control of the present turn.
pub(crate) fn control() -> Option<Element> {
    with_turn(|turn| turn.control.clone())
}

fn end(number: u32) {
    if self::number() == Some(number) {
        close();
    }
}

fn close() {
    let turn = TURN.with(|turn| turn.try_borrow_mut().ok().and_then(|mut turn| turn.take()));
    if let Some(Turn { cx, current, .. }) = turn {
        drop(current);
        roots::handled(&cx);
    }
}

fn with_turn<T>(f: impl FnOnce(&Turn) -> T) -> Option<T> {
    TURN.with(|turn| turn.try_borrow().ok().and_then(|turn| turn.as_ref().map(f)))
}

fn to_ourselves() -> Option<MessagePort> {
    let channel = MessageChannel::new().ok()?;
    let on_message: Function = Closure::<dyn Fn(MessageEvent)>::new(|message: MessageEvent| {
        if let Some(number) = message.data().as_f64() {
            // Exact: a u32 was sent.
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            end(number as u32);
        }
    })
    .into_js_value()
    .unchecked_into();
    channel.port1().set_onmessage(Some(&on_message));
    Some(channel.port2())
}
