//! The requests that are under way: their spans are kept here, so that the page's end can end them.

use std::cell::{Cell, RefCell};

use opentelemetry::KeyValue;
use opentelemetry::trace::Span as _;
use throughline_core::names::throughline::FETCH_UNANSWERED;

use super::request::Request;
use crate::span::Span;

/// Names a request that is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Id(u64);

thread_local! {
    static NEXT: Cell<u64> = const { Cell::new(0) };
    static OPEN: RefCell<Vec<(Id, Span, Request)>> = const { RefCell::new(Vec::new()) };
}

/// Keeps the span of a request until its answer is there.
pub(super) fn add(span: Span, request: Request) -> Id {
    let id = Id(NEXT.replace(NEXT.get().wrapping_add(1)));
    OPEN.with(|open| {
        if let Ok(mut open) = open.try_borrow_mut() {
            open.push((id, span, request));
        }
    });
    id
}

/// The span of a request whose answer is there. `None` if the page's end has ended it.
pub(super) fn take(id: Id) -> Option<(Span, Request)> {
    OPEN.with(|open| {
        let mut open = open.try_borrow_mut().ok()?;
        let index = open.iter().position(|(it, ..)| *it == id)?;
        let (_, span, request) = open.swap_remove(index);
        Some((span, request))
    })
}

/// Ends the spans of all requests: the page is going away, and nobody may live to see their answers.
pub(crate) fn end_all() {
    let open = OPEN.with(|open| open.try_borrow_mut().map(|mut it| std::mem::take(&mut *it)));
    for (_, mut span, _) in open.unwrap_or_default() {
        span.set_attribute(KeyValue::new(FETCH_UNANSWERED, true));
        span.end();
    }
}
