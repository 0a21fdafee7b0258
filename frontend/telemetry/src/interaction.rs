//! Interactions: one root span for each click, each form sent by Enter, each choice made.
//!
//! The listeners are on `window` and capture: they are called first, once, however many listeners the page has, and
//! whatever those stop.

mod control;
mod lifetime;
pub(crate) mod roots;
pub(crate) mod turn;

use std::cell::Cell;
use std::rc::Rc;

use opentelemetry::Context;
use opentelemetry::trace::{Span as _, SpanKind, TraceContextExt, TraceId};
use throughline_core::{names, redact};
use web_sys::{Element, Event, Window};

use self::roots::Interaction;
use crate::tracer::Tracer;
use crate::{consent, context, page};

#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Click,
    Submit,
    Change,
}

/// How interactions are observed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Settings {
    /// Takes what is written on a control for its name where nothing better is there. `None`: it stays in the page, and
    /// the code that reads it is not linked.
    text: Option<control::TextOf>,
}

thread_local! {
    static LAST: Cell<Option<TraceId>> = const { Cell::new(None) };
}

/// The trace of the last interaction.
pub(crate) fn last_trace_id() -> Option<TraceId> {
    LAST.get()
}

/// Listens to the page.
pub(crate) fn install(window: &Window, settings: Settings) {
    for kind in [Kind::Click, Kind::Submit, Kind::Change] {
        page::listen(window, kind.as_str(), move |event| match kind {
            Kind::Click => on_click(&event, settings),
            Kind::Submit => on_submit(&event),
            Kind::Change => on_change(&event, settings),
        });
    }
}

fn on_click(event: &Event, settings: Settings) {
    // A click that a listener of a click makes belongs to that one, and one that a task makes to the task's. A person's
    // own click does not: if a task seems to run, it has panicked.
    if turn::is_dispatching() || (!control::is_trusted(event) && context::is_work()) {
        return;
    }
    let Some(control) = control::of(event).filter(|it| !turn::clicks(it)) else {
        return;
    };
    let (kind, name) = match control::form_by_enter(event, &control) {
        Some(form) => (Kind::Submit, control::form_name(Some(&control), &form)),
        None => (Kind::Click, control::name(&control, settings.text)),
    };
    begin(kind, name, event, control);
}

fn on_submit(event: &Event) {
    if let Some(form) = control::element(event, "target")
        && !context::is_active()
    {
        let button = control::submitter(event, &form);
        let name = control::form_name(button.as_ref(), &form);
        begin(Kind::Submit, name, event, form);
    }
    turn::submits(event);
}

/// A text field changes when it is left: that is no interaction. A choice is.
fn on_change(event: &Event, settings: Settings) {
    let Some(control) = control::choice(event).filter(|_| !context::is_active()) else {
        return;
    };
    // The list or the dialog may have been opened by a click.
    match roots::last_with(&control) {
        Some(opened) => turn::begin(opened, Kind::Change, event),
        None => {
            let name = control::name(&control, settings.text);
            begin(Kind::Change, name, event, control);
        }
    }
}

/// Starts the root, and makes it current for the turn of its event.
fn begin(kind: Kind, name: String, event: &Event, control: Element) {
    if !consent::is_given() {
        return;
    }
    let mut span_name = kind.as_str().to_owned();
    span_name.push(' ');
    span_name.push_str(&name);
    let tracer = Tracer::of(names::scope::INTERACTION);
    let mut span = tracer.start(span_name, &SpanKind::Internal, &Context::new(), None);
    span.set_text(names::throughline::INTERACTION_TYPE, kind.as_str());
    span.set_text(names::app::WIDGET_ID, &name);
    span.set_text(names::app::BROWSER_TAG_NAME, &control::tag_name(&control));
    if let Some(url) = page::location("href") {
        span.set_text(names::url::FULL, &redact::url(&url));
    }
    LAST.set(Some(span.span_context().trace_id()));
    let cx = Context::new().with_span(span);
    let interaction = Rc::new(Interaction { cx, control });
    roots::is_interaction(&interaction);
    turn::begin(Rc::clone(&interaction), kind, event);
    context::used_again(&interaction.control);
}

// === impl Settings ===

impl Settings {
    pub(crate) fn with_text(is_wanted: bool) -> Self {
        Self {
            text: is_wanted.then_some(control::text as control::TextOf),
        }
    }
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
