//! The root spans that are open: what their trace's clock is, what keeps them open, and their end.
//!
//! Roots that the application starts are here too, so that a task knows whether its own is still open; they are ended
//! by whoever started them. Those of interactions are ended here.
//!
//! Re-entrancy: spans may start and end anywhere, so the table is only ever borrowed to count. What runs other code
//! (ending a root, dropping a context) happens after.

use std::cell::RefCell;
use std::mem::ManuallyDrop;
use std::rc::Rc;
use std::time::Duration;

use opentelemetry::trace::{SpanId, TraceContextExt, TraceId};
use opentelemetry::{Context, KeyValue};
use web_sys::Element;

use super::lifetime::{Lifetime, Sign, Verdict};
use crate::clock::{self, Anchor};
use crate::context;
use crate::page::{self, Timer};

/// Open roots at most. The oldest is forgotten for a further one: an application that never ends its spans must not
/// grow a table of ours.
const MAX_OPEN_ROOTS: usize = 256;

/// Why an interaction has ended, an attribute of its root.
const END: &str = "throughline.interaction.end";

struct Table {
    /// In the order in which they started, but for places that are free again.
    roots: Vec<Option<Root>>,
    timer: Option<Timer>,
    is_queued: bool,
}

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
    pub(crate) control: Element,
}

/// Keeps a root open as long as it exists, within the limits of [`Lifetime`].
#[derive(Debug)]
pub(crate) struct Hold {
    key: u64,
}

thread_local! {
    /// It lives as long as the page: what is never dropped needs no register of what is to be dropped.
    static TABLE: ManuallyDrop<RefCell<Table>> = const {
        ManuallyDrop::new(RefCell::new(Table { roots: Vec::new(), timer: None, is_queued: false }))
    };
}

/// A span without parent has started.
pub(crate) fn started(trace_id: TraceId, span_id: SpanId, anchor: Anchor, now: u64) {
    let root = Root {
        key: key_of(trace_id),
        span_id,
        anchor,
        lifetime: Lifetime::new(now),
        interaction: None,
    };
    let _forgotten = table(|table| table.push(root));
}

/// The root of its context is an interaction: its end is decided here.
pub(crate) fn is_interaction(interaction: &Rc<Interaction>) {
    table(|table| {
        let root = table.find(key(&interaction.cx))?;
        root.interaction = Some(Rc::clone(interaction));
        Some(())
    });
}

/// The interaction of a context, while it is open.
pub(crate) fn interaction_of(cx: &Context) -> Option<Rc<Interaction>> {
    table(|table| table.find(key(cx))?.interaction.clone())?
}

/// The last interaction with a control that is still open.
pub(crate) fn last_with(control: &Element) -> Option<Rc<Interaction>> {
    table(|table| {
        let (mut last, mut at) = (None, 0);
        for root in table.roots.iter().flatten() {
            if let Some(interaction) = &root.interaction
                && interaction.control == *control
                && root.lifetime.started() > at
            {
                (last, at) = (Some(interaction), root.lifetime.started());
            }
        }
        last.cloned()
    })?
}

/// Whether the trace's root is one of this page's, and has not ended.
pub(crate) fn is_open(cx: &Context) -> bool {
    table(|table| table.find(key(cx)).is_some()) == Some(true)
}

/// A span with a parent has started, at this monotonic time. Gives the clock of its trace, if that is open.
pub(crate) fn child_started(trace_id: TraceId, now: Duration) -> Option<Anchor> {
    table(|table| {
        let root = table.find(key_of(trace_id))?;
        let now = root.anchor.unix_nanos(now);
        root.lifetime.note(Sign::ChildStarted, now);
        Some(root.anchor)
    })?
}

/// Any span has ended.
pub(crate) fn span_ended(trace_id: TraceId, span_id: SpanId, end: u64, now: u64) {
    let key = key_of(trace_id);
    let _ended = table(|table| {
        let slot = table.slot(key)?;
        let lifetime = &mut slot.as_mut()?.lifetime;
        lifetime.note(Sign::ChildEnded { at: end }, now);
        slot.take_if(|root| root.span_id == span_id)
    });
    queue_settling();
}

/// The context's code is running: its root is not idle. Tells whether it is open.
pub(crate) fn active(cx: &Context) -> bool {
    note(key(cx), Sign::Active)
}

/// Keeps the context's root open, if it still is.
pub(crate) fn hold(cx: &Context) -> Option<Hold> {
    let key = key(cx);
    note(key, Sign::Held).then_some(Hold { key })
}

/// The macrotask of the interaction's event is over. After it, the browser may load another page.
pub(crate) fn handled(cx: &Context, is_leaving: bool) {
    note(key(cx), Sign::Handled { is_leaving });
    queue_settling();
}

/// The page is going away: every interaction ends.
pub(crate) fn end_all() {
    end(Lifetime::cut_short);
}

/// Looks after everything when the code that runs now is done: it may be inside the span that would be ended.
#[inline(never)]
pub(crate) fn queue_settling() {
    if page::IS_BROWSER
        && table(|table| std::mem::replace(&mut table.is_queued, true)) == Some(false)
    {
        wasm_bindgen_futures::spawn_local(async { settle() });
    }
}

fn settle() {
    context::reset();
    table(|table| table.is_queued = false);
    end(Lifetime::verdict);
}

fn on_time() {
    table(|table| table.timer.as_mut().map(Timer::fired));
    settle();
}

/// Ends what is over, and sets the timer for what is not.
#[inline(never)]
fn end(verdict: fn(&Lifetime, u64) -> Verdict) {
    let now = clock::monotonic();
    while let Some((over, at, why)) = table(|table| table.next_over(now, verdict)).flatten() {
        let span = over.cx.span();
        span.set_attribute(KeyValue::new(END, why));
        span.end_with_timestamp(clock::system_time(at));
    }
}

/// Tells a root's lifetime what happens. Returns whether the root is open.
#[inline(never)]
fn note(key: u64, sign: Sign) -> bool {
    table(|table| {
        let root = table.find(key)?;
        let now = root.anchor.unix_nanos(clock::monotonic());
        root.lifetime.note(sign, now);
        Some(())
    })
    .flatten()
    .is_some()
}

/// By which a root is known: half of its trace id, which is random.
#[expect(clippy::cast_possible_truncation, reason = "it is cut in two")]
fn key_of(trace_id: TraceId) -> u64 {
    u128::from_be_bytes(trace_id.to_bytes()) as u64
}

/// That of a context's trace; 0 if there is none.
#[inline(never)]
pub(crate) fn key(cx: &Context) -> u64 {
    key_of(cx.span().span_context().trace_id())
}

fn table<T>(f: impl FnOnce(&mut Table) -> T) -> Option<T> {
    TABLE.with(|table| Some(f(&mut *table.try_borrow_mut().ok()?)))
}

// === impl Table ===

impl Table {
    #[inline(never)]
    fn slot(&mut self, key: u64) -> Option<&mut Option<Root>> {
        self.roots
            .iter_mut()
            .find(|slot| slot.as_ref().is_some_and(|root| root.key == key))
    }

    fn find(&mut self, key: u64) -> Option<&mut Root> {
        self.slot(key)?.as_mut()
    }

    /// Puts a root into a place that is free, or that of the oldest, which is returned.
    fn push(&mut self, root: Root) -> Option<Root> {
        let is_full = self.roots.len() >= MAX_OPEN_ROOTS;
        let place = self
            .roots
            .iter_mut()
            .min_by_key(|slot| slot.as_ref().map_or(0, |root| root.lifetime.started()));
        match place {
            Some(slot) if is_full || slot.is_none() => slot.replace(root),
            _ => {
                self.roots.push(Some(root));
                None
            }
        }
    }

    /// One of the interactions that are over, when it ended, and why. `None` if there is none:
    /// then the timer is set for those that are not.
    fn next_over(
        &mut self,
        now: Duration,
        verdict: fn(&Lifetime, u64) -> Verdict,
    ) -> Option<(Rc<Interaction>, u64, &'static str)> {
        let mut wait = u64::MAX;
        for slot in &mut self.roots {
            let Some(root) = slot else { continue };
            if root.interaction.is_none() {
                continue;
            }
            let now = root.anchor.unix_nanos(now);
            match verdict(&root.lifetime, now) {
                Verdict::Open { review_at } => wait = wait.min(review_at.saturating_sub(now)),
                Verdict::Ended { at, why } => {
                    let over = root.interaction.take()?;
                    *slot = None;
                    return Some((over, at, why));
                }
            }
        }
        if wait < u64::MAX {
            self.timer
                .get_or_insert_with(|| Timer::new(on_time))
                .set(Some(now + Duration::from_nanos(wait)), now);
        }
        None
    }
}

// === impl Hold ===

impl Drop for Hold {
    fn drop(&mut self) {
        note(self.key, Sign::Released);
        queue_settling();
    }
}
