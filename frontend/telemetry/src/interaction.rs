//! Interactions: one root span for each click, each form sent by Enter, each choice made.
//!
//! The listeners are on `window` and capture: they are called first, once, however many listeners the page has, and
//! whatever those stop.

mod control;
mod lifetime;
pub(crate) mod roots;
pub(crate) mod turn;

use std::cell::{Cell, RefCell};

use opentelemetry::trace::{SpanBuilder, TraceContextExt, TraceId, Tracer as _};
use opentelemetry::{Context, KeyValue};
use throughline_core::{names, redact};
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, SubmitEvent, Window};

use crate::context;
use crate::page;
use crate::tracer::Tracer;

#[derive(Clone, Copy)]
enum Kind {
    Click,
    Submit,
    Change,
}

thread_local! {
    static LAST: Cell<Option<TraceId>> = const { Cell::new(None) };
    /// The last click, for the `change` that comes when a list or a dialog that it opened closes.
    static LAST_CLICK: RefCell<Option<(Element, Context)>> = const { RefCell::new(None) };
}

/// The trace of the last interaction.
pub(crate) fn last_trace_id() -> Option<TraceId> {
    LAST.get()
}

/// Listens to the page.
pub(crate) fn install(window: &Window) {
    page::listen(window, "click", |event| on_click(&event));
    page::listen(window, "submit", |event| on_submit(&event));
    page::listen(window, "change", |event| on_change(&event));
}

fn on_click(event: &Event) {
    // A click that a listener of a click makes belongs to that one, and one that a task makes to the task's. A person's
    // own click does not: if a task seems to run, it has panicked.
    if turn::is_dispatching() || (!event.is_trusted() && context::is_work()) {
        return;
    }
    let Some(control) = control::of(event) else {
        return;
    };
    // So does the one that the browser makes on the control of a clicked label.
    if turn::control().is_some_and(|label| control::is_label_of(&label, &control)) {
        return;
    }
    let form = control::form_of(&control).filter(|_| control::is_by_enter(event, &control));
    let (kind, name) = match form {
        Some(form) => (Kind::Submit, control::form_name(Some(&control), &form)),
        None => (Kind::Click, control::name(&control)),
    };
    let cx = begin(kind, &name, event, &control);
    LAST_CLICK.with(|last| {
        last.try_borrow_mut()
            .ok()
            .map(|mut last| last.replace((control, cx)))
    });
}

fn on_submit(event: &Event) {
    if Context::map_current(Context::has_active_span) {
        return;
    }
    let Some(form) = event.target().and_then(|it| it.dyn_into::<Element>().ok()) else {
        return;
    };
    let submitter = event
        .dyn_ref::<SubmitEvent>()
        .and_then(SubmitEvent::submitter);
    let button = submitter
        .map(Element::from)
        .or_else(|| control::default_button(&form));
    begin(
        Kind::Submit,
        &control::form_name(button.as_ref(), &form),
        event,
        &form,
    );
}

/// A text field changes when it is left: that is no interaction. A choice is.
fn on_change(event: &Event) {
    if Context::map_current(Context::has_active_span) {
        return;
    }
    let target = event.composed_path().get(0).dyn_into::<Element>().ok();
    let Some(control) = target.filter(control::is_choice) else {
        return;
    };
    let clicked = LAST_CLICK.with(|last| last.try_borrow().ok().and_then(|last| last.clone()));
    match clicked {
        Some((same, cx)) if same == control && roots::is_open(&cx) => {
            turn::begin(cx, event.clone(), control);
        }
        _ => {
            begin(Kind::Change, &control::name(&control), event, &control);
        }
    }
}

/// Starts the root, and makes it current for the turn of its event.
fn begin(kind: Kind, name: &str, event: &Event, control: &Element) -> Context {
    let kind = kind.as_str();
    let span = SpanBuilder::from_name(format!("{kind} {name}"))
        .with_attributes(attributes(kind, name, control));
    let span = Tracer::of(names::scope::INTERACTION).build_with_context(span, &Context::new());
    let cx = Context::new().with_span(span);
    LAST.set(Some(cx.span().span_context().trace_id()));
    roots::is_interaction(&cx, control);
    context::used_again(&cx, control);
    turn::begin(cx.clone(), event.clone(), control.clone());
    cx
}

fn attributes(kind: &'static str, name: &str, control: &Element) -> Vec<KeyValue> {
    let mut attributes = vec![
        KeyValue::new(names::throughline::INTERACTION_TYPE, kind),
        KeyValue::new(names::app::WIDGET_ID, name.to_owned()),
        KeyValue::new(names::app::BROWSER_TAG_NAME, control::tag_name(control)),
    ];
    if let Some(Ok(url)) = page::window().map(|window| window.location().href()) {
        attributes.push(KeyValue::new(
            names::url::FULL,
            redact::url(&url).into_owned(),
        ));
    }
    attributes
}

// === impl Kind ===

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Click => "click",
            Self::Submit => "submit",
            Self::Change => "change",
        }
    }
}
