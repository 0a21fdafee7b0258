//! Interactions: one root span for each click, each form sent by Enter, each choice made, each control activated by a
//! key.
//!
//! The listeners are on `window` and capture: they are called first, once, however many listeners the page has, and
//! whatever those stop. What does not leave a shadow tree, `submit` and `change`, is listened to at its root as well: a
//! pointer or a key has told of that before.

mod control;
mod lifetime;
pub(crate) mod roots;
pub(crate) mod turn;

use std::cell::{Cell, OnceCell};
use std::mem::ManuallyDrop;
use std::rc::Rc;

use js_sys::Function;
use opentelemetry::Context;
use opentelemetry::trace::{Span as _, SpanKind, TraceContextExt, TraceId};
use throughline_core::otlp::cut;
use throughline_core::{names, redact};
use wasm_bindgen::JsValue;
use web_sys::{Event, Window};

use self::roots::Interaction;
use crate::tracer::Tracer;
use crate::{consent, context, page};

/// A name's length at most, in bytes.
const MAX_NAME_BYTES: usize = 64;

/// How interactions are observed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Settings {
    /// Takes what is written on a control for its name where nothing better is there. `None`: it stays in the page, and
    /// the code that reads it is not linked.
    text: Option<control::TextOf>,
}

thread_local! {
    static LAST: Cell<Option<TraceId>> = const { Cell::new(None) };
    static SETTINGS: Cell<Settings> = const { Cell::new(Settings { text: None }) };
    /// Space is pressed on its control, which may act when it is let go.
    static PRESSED: ManuallyDrop<Cell<Option<Rc<Interaction>>>> = const { ManuallyDrop::new(Cell::new(None)) };
    /// Of `submit` and `change`. The same wherever it listens, so that it is never there twice.
    static LISTENER: ManuallyDrop<OnceCell<Function>> = const { ManuallyDrop::new(OnceCell::new()) };
}

/// The trace of the last interaction.
pub(crate) fn last_trace_id() -> Option<TraceId> {
    LAST.get()
}

/// Listens to the page.
pub(crate) fn install(window: &Window, settings: Settings) {
    SETTINGS.set(settings);
    turn::install();
    LISTENER.with(|it| it.set(page::listener(on_outcome)).ok());
    page::listen(window, "pointerdown", |event| {
        control::each_shadow(event, listen);
    });
    page::listen(window, "keydown", on_use);
    page::listen(window, "keyup", on_release);
    page::listen(window, "click", on_use);
    listen(window);
}

/// Listens to what does not leave a shadow tree.
fn listen(root: &JsValue) {
    LISTENER.with(|listener| {
        if let Some(listener) = listener.get() {
            page::add_listener(root, "submit", listener);
            page::add_listener(root, "change", listener);
        }
    });
}

/// A click, or a key by which the browser makes none: it knows the control by its role only.
fn on_use(event: &Event) {
    control::each_shadow(event, listen);
    // A click that a listener of a click makes belongs to that one, and one that a task makes to the task's. A person's
    // own click does not: if a task seems to run, it has panicked.
    if turn::is_dispatching() || (!control::is_trusted(event) && context::is_work()) {
        return;
    }
    let control = control::used(event);
    if control.is_undefined() || turn::clicks(&control) {
        return;
    }
    let form = control::form_by_enter(event, &control);
    if form.is_undefined() {
        begin("click", event, &control, &control, &control);
    } else {
        begin("submit", event, &control, &control, &form);
    }
}

/// A key is let go: what the control does now belongs to when it was pressed, unless that is over.
fn on_release(event: &Event) {
    if page::property(event, "key") != " " || turn::is_dispatching() {
        return;
    }
    if let Some(pressed) = PRESSED.with(|it| it.take()) {
        if control::used(event) == pressed.control && roots::is_open(&pressed.cx) {
            turn::begin(&pressed.cx, pressed.control.clone(), event);
        }
        roots::released(&pressed.cx);
    }
}

/// A `submit`, or a `change`.
fn on_outcome(event: &Event) {
    if page::property(event, "type") == "submit" {
        on_submit(event);
    } else {
        on_change(event);
    }
}

fn on_submit(event: &Event) {
    if !context::is_active() {
        let form = page::property(event, "target");
        let button = control::submitter(event, &form);
        begin("submit", event, &form, &button, &form);
    }
    turn::submits(event);
}

/// A text field changes when it is left: that is no interaction. A choice is.
fn on_change(event: &Event) {
    let Some(control) = control::choice(event).filter(|_| !context::is_active()) else {
        return;
    };
    // The list or the dialog may have been opened by a click.
    match roots::last_with(&control) {
        Some(opened) => turn::begin(&opened.cx, control, event),
        None => begin("change", event, &control, &control, &control),
    }
}

/// Starts the root, and makes it current for the turn of its event. It has the name of `named`, or of what is done by it:
/// a form is sent.
fn begin(kind: &'static str, event: &Event, control: &JsValue, named: &JsValue, form: &JsValue) {
    if !consent::is_given() {
        return;
    }
    let name = control::name(named, form, SETTINGS.get().text);
    let name = cut(&name, MAX_NAME_BYTES);
    let tracer = Tracer::of(names::scope::INTERACTION);
    let span_name = [kind, " ", name].concat();
    let none = Context::new();
    let mut span = tracer.start(span_name, &SpanKind::Internal, &none, None);
    span.set_text(names::throughline::INTERACTION_TYPE, kind);
    span.set_text(names::app::WIDGET_ID, name);
    span.set_text(names::app::BROWSER_TAG_NAME, &control::tag_name(control));
    if let Some(url) = page::location("href") {
        span.set_text(names::url::FULL, &redact::url(&url));
    }
    LAST.set(Some(span.span_context().trace_id()));
    if !span.is_recording() {
        roots::started_unrecorded(span.span_context());
    }
    let interaction = Rc::new(Interaction {
        cx: none.with_span(span),
        control: control.clone(),
    });
    roots::is_interaction(&interaction);
    let clicked = if kind == "change" {
        control.clone()
    } else {
        control::labelled(control)
    };
    turn::begin(&interaction.cx, clicked, event);
    context::used_again(control);
    if page::property(event, "key") == " " {
        roots::held(&interaction.cx);
        PRESSED.with(|it| it.set(Some(interaction)));
    }
}

// === impl Settings ===

impl Settings {
    pub(crate) fn with_text(is_wanted: bool) -> Self {
        Self {
            text: is_wanted.then_some(control::text as control::TextOf),
        }
    }
}
