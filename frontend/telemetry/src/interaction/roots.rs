//! The root spans that are open: what their trace's clock is, what keeps them open, and their end.
//!
//! Roots that the application starts are here too, so that a task knows whether its own is still open; they are ended
//! by whoever started them. Those of interactions are ended here.
//!
//! Re-entrancy: spans may start and end anywhere, so the table is only ever borrowed to count. What runs other code
//! (ending a root, dropping a context) happens after.

use std::cell::{Cell, OnceCell, RefCell};
use std::mem::ManuallyDrop;
use std::rc::Rc;

use js_sys::Function;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceId};
use opentelemetry::{Context, KeyValue};
use wasm_bindgen::JsValue;

use super::lifetime::{Ended, Lifetime, Sign};
use crate::clock::{self, Anchor};
use crate::context;
use crate::page;

/// Open roots at most. The oldest is forgotten for a further one: an application that never ends its spans must not
/// grow a table of ours.
const MAX_OPEN_ROOTS: usize = 256;

/// How often open interactions are looked after, in milliseconds.
const PERIOD: f64 = 1000.0;

/// Why an interaction has ended, an attribute of its root.
const END: &str = "throughline.interaction.end";

/// In the order in which they started.
#[derive(Default)]
struct Table(Vec<Root>);

struct Root {
    key: u64,
    span_id: SpanId,
    anchor: Anchor,
    lifetime: Lifetime,
    interaction: Option<Rc<Interaction>>,
}

/// What a person did.
pub(crate) struct Interaction {
    /// It holds the root span.
    pub(crate) cx: Context,
    /// What was used for it.
    pub(crate) control: JsValue,
}

thread_local! {
    /// It lives as long as the page: what is never dropped needs no register of what is to be dropped.
    static TABLE: ManuallyDrop<RefCell<Table>> = const { ManuallyDrop::new(RefCell::new(Table(Vec::new()))) };
    static SETTLE: ManuallyDrop<OnceCell<Function>> = const { ManuallyDrop::new(OnceCell::new()) };
    static IS_SETTLING_QUEUED: Cell<bool> = const { Cell::new(false) };
    static IS_TIMER_SET: Cell<bool> = const { Cell::new(false) };
    /// Whether an interaction was open when they were looked after last.
    static IS_ONE_OPEN: Cell<bool> = const { Cell::new(false) };
}

/// A span without parent has started.
pub(crate) fn started(trace_id: TraceId, span_id: SpanId, anchor: Anchor, now: u64) {
    let _forgotten = table(|table| {
        let oldest = (table.0.len() >= MAX_OPEN_ROOTS).then_some(0);
        let oldest = oldest.and_then(|oldest| table.remove(oldest));
        table.0.push(Root {
            key: key_of(trace_id),
            span_id,
            anchor,
            lifetime: Lifetime::new(now),
            interaction: None,
        });
        oldest
    });
}

/// An interaction has started which is not recorded, so that nobody tells of its spans. Its work keeps its context all
/// the same: its requests say that they are not sampled.
pub(crate) fn started_unrecorded(context: &SpanContext) {
    let trace_id = context.trace_id();
    let now = clock::monotonic_nanos();
    let anchor = clock::anchor_of(trace_id, now);
    let now = anchor.unix_nanos(now);
    started(trace_id, context.span_id(), anchor, now);
    note(key_of(trace_id), Sign::Unrecorded);
}

/// The root of its context is an interaction: its end is decided here.
pub(crate) fn is_interaction(interaction: &Rc<Interaction>) {
    table(|table| {
        if let Some(root) = table.find(key(&interaction.cx)) {
            root.interaction = Some(Rc::clone(interaction));
        }
    });
}

/// Whether the root of this context is open, and an interaction with this control.
pub(crate) fn is_with(cx: &Context, control: &JsValue) -> bool {
    table(|table| {
        table
            .find(key(cx))
            .is_some_and(|root| root.is_with(control))
    })
}

/// The last interaction with a control that is still open.
pub(crate) fn last_with(control: &JsValue) -> Option<Rc<Interaction>> {
    table(|table| {
        let mut newest = table.0.iter().rev();
        newest
            .find(|root| root.is_with(control))?
            .interaction
            .clone()
    })
}

/// Whether the trace's root is one of this page's, and has not ended.
pub(crate) fn is_open(cx: &Context) -> bool {
    note(key(cx), Sign::Asked)
}

/// A span with a parent has started, at this monotonic time in nanoseconds. Gives the clock of its trace, if that is open.
pub(crate) fn child_started(trace_id: TraceId, now: u64) -> Option<Anchor> {
    table(|table| {
        let root = table.find(key_of(trace_id))?;
        let now = root.anchor.unix_nanos(now);
        root.lifetime.note(Sign::ChildStarted, now);
        Some(root.anchor)
    })
}

/// Any span has ended.
pub(crate) fn span_ended(trace_id: TraceId, span_id: SpanId, end: u64, now: u64) {
    let key = key_of(trace_id);
    let _ended = table(|table| {
        let index = table.0.iter().position(|root| root.key == key)?;
        let root = table.0.get_mut(index)?;
        if root.span_id == span_id {
            return table.remove(index);
        }
        root.lifetime.note(Sign::ChildEnded { at: end }, now);
        None
    });
    queue_settling();
}

/// The context's code is running: its root is not idle. Tells whether it is open.
pub(crate) fn active(cx: &Context) -> bool {
    note(key(cx), Sign::Active)
}

/// Something that is not done yet carries the context. It keeps the root open, within the limits of [`Lifetime`].
pub(crate) fn held(cx: &Context) {
    note(key(cx), Sign::Held);
}

/// It is done.
pub(crate) fn released(cx: &Context) {
    note(key(cx), Sign::Released);
    queue_settling();
}

/// An event of the interaction is being handled.
pub(crate) fn handling(key: u64) {
    note(key, Sign::Handling);
}

/// The macrotask of the interaction's event is over. After it, the browser may load another page.
pub(crate) fn handled(key: u64, is_leaving: bool) {
    note(key, Sign::Handled { is_leaving });
    queue_settling();
}

/// The page is going away: every interaction ends.
pub(crate) fn end_all() {
    end(Lifetime::cut_short);
}

/// Looks after everything when the code that runs now is done: it may be inside the span that would be ended.
#[inline(never)]
pub(crate) fn queue_settling() {
    if page::IS_BROWSER && !IS_SETTLING_QUEUED.replace(true) {
        SETTLE.with(|it| {
            let settle = it.get_or_init(|| page::calling(settle));
            page::queue_microtask(settle);
        });
    }
}

/// Whether a span has ended in the task that runs now.
pub(crate) fn is_settling_queued() -> bool {
    IS_SETTLING_QUEUED.get()
}

fn settle() {
    context::reset();
    IS_SETTLING_QUEUED.set(false);
    end(Lifetime::verdict);
}

fn on_time() {
    IS_TIMER_SET.set(false);
    settle();
}

/// Ends what is over, and sets the timer for what is not.
#[inline(never)]
fn end(verdict: fn(&Lifetime, u64) -> Option<Ended>) {
    while let Some((over, ended)) = table(|table| table.next_over(verdict)) {
        let span = over.cx.span();
        span.set_attribute(KeyValue::new(END, ended.why));
        span.end_with_timestamp(clock::system_time(ended.at));
    }
    if IS_ONE_OPEN.get() && !IS_TIMER_SET.replace(true) {
        page::set_timeout(&page::calling(on_time), PERIOD);
    }
}

/// Tells a root's lifetime what happens. Returns whether the root is open.
#[inline(never)]
fn note(key: u64, sign: Sign) -> bool {
    table(|table| {
        let root = table.find(key);
        root.map(|root| root.lifetime.note(sign, root.anchor.now()))
            .is_some()
    })
}

/// By which a root is known: half of its trace id, which is random.
#[expect(clippy::cast_possible_truncation, reason = "half of it is meant")]
fn key_of(trace_id: TraceId) -> u64 {
    u128::from_be_bytes(trace_id.to_bytes()) as u64
}

/// That of a context's trace; 0 if there is none.
#[inline(never)]
pub(crate) fn key(cx: &Context) -> u64 {
    key_of(cx.span().span_context().trace_id())
}

/// What `f` says of the table; the default while the table is in use.
fn table<T: Default>(f: impl FnOnce(&mut Table) -> T) -> T {
    let mut said = T::default();
    TABLE.with(|table| {
        if let Ok(mut table) = table.try_borrow_mut() {
            said = f(&mut table);
        }
    });
    said
}

// === impl Table ===

impl Table {
    #[inline(never)]
    fn find(&mut self, key: u64) -> Option<&mut Root> {
        self.0.iter_mut().find(|root| root.key == key)
    }

    /// Forgets a root. What was done is to be dropped when the table is not in use.
    #[inline(never)]
    fn remove(&mut self, index: usize) -> Option<Rc<Interaction>> {
        let done = self.0.get_mut(index)?.interaction.take();
        self.0.remove(index);
        done
    }

    /// One of the interactions that are over, and its end.
    fn next_over(
        &mut self,
        verdict: fn(&Lifetime, u64) -> Option<Ended>,
    ) -> Option<(Rc<Interaction>, Ended)> {
        IS_ONE_OPEN.set(false);
        for (index, root) in self.0.iter().enumerate() {
            if root.interaction.is_some() {
                if let Some(ended) = verdict(&root.lifetime, root.anchor.now()) {
                    return Some((self.remove(index)?, ended));
                }
                IS_ONE_OPEN.set(true);
            }
        }
        None
    }
}

// === impl Root ===

impl Root {
    fn is_with(&self, control: &JsValue) -> bool {
        let interaction = self.interaction.as_ref();
        interaction.is_some_and(|it| it.control == *control)
    }
}
