//! The root spans that are open: what their trace's clock is, what keeps them open, and their end.
//!
//! Roots that the application starts are here too, so that a task knows whether its own is still open; they are ended
//! by whoever started them. Those of interactions are ended here.
//!
//! Re-entrancy: spans may start and end anywhere, so the table is only ever borrowed to count. What runs other code
//! (ending a root, dropping a context) happens after.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use opentelemetry::Context;
use opentelemetry::trace::{SpanId, TraceContextExt, TraceId};
use web_sys::Element;

use super::lifetime::{Lifetime, Verdict};
use crate::clock::{self, Anchor};
use crate::page::Timer;

/// Open roots at most. The oldest is forgotten for a further one: an application that never ends its spans must not
/// grow a table of ours.
const MAX_OPEN_ROOTS: usize = 256;

struct Root {
    trace_id: TraceId,
    span_id: SpanId,
    anchor: Anchor,
    lifetime: Lifetime,
    interaction: Option<Interaction>,
}

struct Interaction {
    /// It holds the span.
    cx: Context,
    control: Element,
}

/// Keeps a root open as long as it exists, within the limits of [`Lifetime`].
#[derive(Debug)]
pub(crate) struct Hold {
    trace_id: TraceId,
}

thread_local! {
    static ROOTS: RefCell<Vec<Root>> = const { RefCell::new(Vec::new()) };
    static TIMER: RefCell<Timer> = RefCell::new(Timer::new(on_time));
    static REVIEW_QUEUED: Cell<bool> = const { Cell::new(false) };
}

/// A span without parent has started.
pub(crate) fn started(trace_id: TraceId, span_id: SpanId, anchor: Anchor) {
    let lifetime = Lifetime::new(now(anchor));
    let root = Root {
        trace_id,
        span_id,
        anchor,
        lifetime,
        interaction: None,
    };
    let _forgotten = table(|roots| {
        let full = roots.len() >= MAX_OPEN_ROOTS;
        let forgotten = full.then(|| roots.remove(0));
        roots.push(root);
        forgotten
    });
}

/// The root of this context is an interaction: its end is decided here.
pub(crate) fn is_interaction(cx: &Context, control: &Element) {
    let interaction = Interaction {
        cx: cx.clone(),
        control: control.clone(),
    };
    with_root(trace_id(cx), |root| root.interaction = Some(interaction));
}

/// The control of an open interaction.
pub(crate) fn control_of(cx: &Context) -> Option<Element> {
    with_root(trace_id(cx), |root| {
        root.interaction.as_ref().map(|it| it.control.clone())
    })
    .flatten()
}

/// The clock of an open trace.
pub(crate) fn anchor_of(trace_id: TraceId) -> Option<Anchor> {
    with_root(trace_id, |root| root.anchor)
}

/// Whether the trace's root is one of this page's, and has not ended.
pub(crate) fn is_open(cx: &Context) -> bool {
    with_root(trace_id(cx), |_| ()).is_some()
}

/// A span with a parent has started.
pub(crate) fn child_started(trace_id: TraceId, at: u64) {
    with_root(trace_id, |root| root.lifetime.child_started(at));
}

/// Any span has ended.
pub(crate) fn span_ended(trace_id: TraceId, span_id: SpanId, end: u64) {
    let ended = table(|roots| {
        let index = roots.iter().position(|root| root.trace_id == trace_id)?;
        let root = roots.get_mut(index)?;
        if root.span_id == span_id {
            return Some(roots.remove(index));
        }
        root.lifetime.child_ended(end, now(root.anchor));
        None
    });
    drop(ended);
    queue_review();
}

/// The context's code is running: its root is not idle.
pub(crate) fn active(cx: &Context) {
    with_root(trace_id(cx), |root| root.lifetime.active(now(root.anchor)));
}

/// Keeps the context's root open, if it still is.
pub(crate) fn hold(cx: &Context) -> Option<Hold> {
    let trace_id = trace_id(cx);
    with_root(trace_id, |root| root.lifetime.held())?;
    Some(Hold { trace_id })
}

/// The macrotask of the interaction's event is over.
pub(crate) fn handled(cx: &Context) {
    with_root(trace_id(cx), |root| root.lifetime.handled(now(root.anchor)));
    queue_review();
}

/// The page is going away: every interaction ends.
pub(crate) fn end_all() {
    end(|root| Verdict::Ended {
        at: root.lifetime.cut_short(now(root.anchor)),
    });
}

/// Ends what is over, and sets the timer for what is not.
fn review() {
    REVIEW_QUEUED.set(false);
    end(|root| root.lifetime.verdict(now(root.anchor)));
}

fn end(verdict: impl Fn(&Root) -> Verdict) {
    let mut over = Vec::new();
    let mut wait: Option<Duration> = None;
    table(|roots| {
        roots.retain_mut(|root| {
            if root.interaction.is_none() {
                return true;
            }
            match verdict(root) {
                Verdict::Open { review_at } => {
                    let rest = Duration::from_nanos(review_at.saturating_sub(now(root.anchor)));
                    wait = Some(wait.map_or(rest, |wait| wait.min(rest)));
                    true
                }
                Verdict::Ended { at } => {
                    over.extend(root.interaction.take().map(|it| (it.cx, at)));
                    false
                }
            }
        });
    });
    for (cx, at) in over {
        cx.span().end_with_timestamp(clock::system_time(at));
    }
    let now = clock::monotonic();
    TIMER.with(|timer| {
        if let Ok(mut timer) = timer.try_borrow_mut() {
            timer.set(wait.map(|wait| now.saturating_add(wait)), now);
        }
    });
}

fn on_time() {
    TIMER.with(|timer| {
        if let Ok(mut timer) = timer.try_borrow_mut() {
            timer.fired();
        }
    });
    review();
}

/// Reviews when the code that runs now is done: it may be inside the span that would be ended.
fn queue_review() {
    if !REVIEW_QUEUED.replace(true) {
        wasm_bindgen_futures::spawn_local(async { review() });
    }
}

fn now(anchor: Anchor) -> u64 {
    anchor.unix_nanos(clock::monotonic())
}

fn trace_id(cx: &Context) -> TraceId {
    cx.span().span_context().trace_id()
}

fn with_root<T>(trace_id: TraceId, f: impl FnOnce(&mut Root) -> T) -> Option<T> {
    table(|roots| {
        roots
            .iter_mut()
            .find(|root| root.trace_id == trace_id)
            .map(f)
    })
    .flatten()
}

fn table<T>(f: impl FnOnce(&mut Vec<Root>) -> T) -> Option<T> {
    // `try_with`: a context may be dropped with the thread.
    ROOTS
        .try_with(|roots| roots.try_borrow_mut().ok().map(|mut roots| f(&mut roots)))
        .ok()
        .flatten()
}

// === impl Hold ===

impl Drop for Hold {
    fn drop(&mut self) {
        with_root(self.trace_id, |root| root.lifetime.released());
        queue_review();
    }
}
