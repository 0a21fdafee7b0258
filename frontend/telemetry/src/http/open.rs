//! The requests that are under way: their spans are kept here, so that the page's end can end them.

use std::cell::RefCell;

use throughline_core::names::throughline::FETCH_UNANSWERED;
use wasm_bindgen::JsValue;

use crate::export;
use crate::interaction::turn;
use crate::otlp;
use crate::span::Span;

/// Requests under way at most whose spans are kept. For one more, the span of the oldest ends: a page that asks and
/// asks and is never answered must not grow a table of ours.
const MAX_OPEN: usize = 1000;

/// A request that is under way.
#[derive(Debug)]
pub(crate) struct Open {
    pub(crate) span: Span,
    /// The turn of an interaction that it was made in.
    pub(crate) turn: Option<u32>,
    /// What has its `signal`.
    pub(crate) source: JsValue,
    #[cfg(feature = "resource-timing")]
    pub(crate) begun: super::timing::Begun,
}

#[derive(Default)]
struct Table {
    /// Numbers as JavaScript has them: they go there and come back.
    last: f64,
    /// In no order.
    open: Vec<(f64, Box<Open>)>,
}

thread_local! {
    static TABLE: RefCell<Table> = const { RefCell::new(Table { last: 0.0, open: Vec::new() }) };
}

// === impl Open ===

impl Open {
    pub(crate) fn new(span: Span, source: JsValue, url: &str) -> Box<Self> {
        #[cfg(not(feature = "resource-timing"))]
        let _ = url;
        Box::new(Self {
            span,
            turn: turn::number(),
            source,
            #[cfg(feature = "resource-timing")]
            begun: super::timing::Begun::now(url),
        })
    }
}

/// Keeps the span of a request until its answer is there. The number names it.
///
/// While the page is being left there is no number: nobody would live to see the answer.
pub(crate) fn add(request: Box<Open>) -> f64 {
    if export::is_left() {
        give_up(request);
        return 0.0;
    }
    let (number, unanswered) = table(|table| {
        table.last += 1.0;
        let full = table.open.len() >= MAX_OPEN;
        let oldest = full.then(|| table.oldest()).flatten();
        table.open.push((table.last, request));
        (table.last, oldest)
    })
    .unwrap_or_default();
    if let Some(unanswered) = unanswered {
        give_up(unanswered);
    }
    number
}

/// The request whose answer is there. `None` if its span has ended without it.
pub(crate) fn take(number: f64) -> Option<Box<Open>> {
    table(|table| table.take(number)).flatten()
}

/// Ends the spans of all requests: the page is going away, and nobody may live to see their answers.
pub(crate) fn end_all() {
    let open = table(|table| std::mem::take(&mut table.open));
    for (_, request) in open.unwrap_or_default() {
        give_up(request);
    }
}

fn give_up(mut request: Box<Open>) {
    request.span.set(FETCH_UNANSWERED, &otlp::bool(true));
}

/// What ends a span runs other code: never within this.
fn table<T>(f: impl FnOnce(&mut Table) -> T) -> Option<T> {
    TABLE.with(|table| table.try_borrow_mut().ok().map(|mut table| f(&mut table)))
}

// === impl Table ===

impl Table {
    fn take(&mut self, number: f64) -> Option<Box<Open>> {
        let index = self.open.iter().position(|(it, _)| *it == number)?;
        Some(self.open.swap_remove(index).1)
    }

    fn oldest(&mut self) -> Option<Box<Open>> {
        let first = self
            .open
            .iter()
            .fold(f64::MAX, |first, (it, _)| first.min(*it));
        self.take(first)
    }
}
