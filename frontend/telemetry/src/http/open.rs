//! The requests that are under way: their spans are kept here, so that the page's end can end them.

use std::cell::Cell;

use throughline_core::names::throughline::FETCH_UNANSWERED;
use throughline_core::otlp::Any;
use wasm_bindgen::JsValue;

use super::Target;
use crate::export;
use crate::interaction::turn;
use crate::span::Span;

/// How many further requests a span waits for its answer: then it ends without. A page that asks and asks and is never
/// answered must not grow a list of ours.
const MAX_OPEN: f64 = 1000.0;

/// A request that is under way.
#[derive(Debug)]
pub(crate) struct Open {
    /// Its name. They are counted, as JavaScript has numbers: it goes there and comes back.
    pub(crate) number: f64,
    pub(crate) span: Span,
    /// The turn of an interaction that it was made in.
    pub(crate) turn: Option<u32>,
    /// What has its `signal`, if it is of `fetch`.
    #[cfg_attr(not(feature = "fetch"), expect(dead_code, reason = "of `fetch`"))]
    pub(crate) source: JsValue,
    #[cfg(feature = "resource-timing")]
    pub(crate) begun: super::timing::Begun,
    /// The list goes on here.
    next: Option<Box<Open>>,
}

thread_local! {
    static LAST: Cell<f64> = const { Cell::new(0.0) };
    /// In no order. Taken out while it is changed: what ends a span runs other code.
    static OPEN: Cell<Option<Box<Open>>> = const { Cell::new(None) };
}

// === impl Open ===

impl Open {
    pub(crate) fn new(span: Span, source: JsValue, target: &Target) -> Box<Self> {
        #[cfg(not(feature = "resource-timing"))]
        let _ = target;
        LAST.set(LAST.get() + 1.0);
        Box::new(Self {
            number: LAST.get(),
            span,
            turn: turn::number(),
            source,
            #[cfg(feature = "resource-timing")]
            begun: super::timing::Begun::now(target),
            next: None,
        })
    }

    fn give_up(&mut self) {
        self.span.set(FETCH_UNANSWERED, &Any::Bool(true));
    }
}

/// Keeps the span of a request until its answer is there. The number names it.
///
/// While the page is being left it is given up at once: nobody would live to see the answer.
pub(crate) fn add(mut request: Box<Open>) -> f64 {
    let number = request.number;
    if export::is_left() {
        request.give_up();
        return number;
    }
    request.next = OPEN.take();
    OPEN.set(Some(request));
    if let Some(mut old) = take(number - MAX_OPEN) {
        old.give_up();
    }
    number
}

/// The request whose answer is there. `None` if its span has ended without it.
#[inline(never)]
pub(crate) fn take(number: f64) -> Option<Box<Open>> {
    let (mut rest, mut others, mut found) = (OPEN.take(), None, None);
    while let Some(mut it) = rest {
        rest = it.next.take();
        if it.number == number {
            found = Some(it);
        } else {
            it.next = others;
            others = Some(it);
        }
    }
    OPEN.set(others);
    found
}

/// Ends the spans of all requests: the page is going away, and nobody may live to see their answers.
pub(crate) fn end_all() {
    let mut rest = OPEN.take();
    while let Some(mut it) = rest {
        rest = it.next.take();
        it.give_up();
    }
}
