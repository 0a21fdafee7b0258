//! sqlx at work, out of sight of the caller's `tracing` span.
//!
//! sqlx sends [`Span::current`](tracing::Span::current) along with each command to the thread of a SQLite connection, which
//! is in that span until some time after it has sent the answer. tracing-opentelemetry takes the last time that a span was
//! left for its end: the caller's span would end after its own parent, and be open for as long.
//!
//! sqlx's logs of statements hold the values in them. They go nowhere; the query's span tells the same without.

use futures_core::Stream;
use pin_project_lite::pin_project;
use std::{
    cell::RefCell,
    pin::Pin,
    task::{self, Poll},
};
use tracing::{
    Dispatch, Event, Metadata, Subscriber,
    dispatcher::{self, DefaultGuard},
    level_filters::LevelFilter,
    span::{Attributes, Id, Record},
    subscriber::Interest,
};

/// The target of sqlx's logs of statements.
const STATEMENT_LOGS: &str = "sqlx::query";

/// The subscriber that is current now, but without a current span. Logs and spans go to it as ever, and keep their place
/// in the trace.
///
/// Keep it: to make one, `tracing` asks again who wants which of all spans and logs of the process.
pub(super) fn without_span() -> Dispatch {
    Dispatch::new(WithoutSpan(dispatcher::get_default(Clone::clone)))
}

pin_project! {
    /// What is made, polled and dropped while no span is current.
    #[derive(Debug)]
    pub(super) struct Detached<T> {
        // In the order in which they are dropped.
        enter: Enter,
        #[pin]
        inner: T,
        leave: Leave,
    }
}

/// Its drop begins what the drop of [`Leave`] ends.
#[derive(Debug)]
struct Enter(Dispatch);

#[derive(Debug)]
struct Leave;

thread_local! {
    static ENTERED: RefCell<Vec<DefaultGuard>> = const { RefCell::new(Vec::new()) };
}

struct WithoutSpan(Dispatch);

// === impl Detached ===

impl<T> Detached<T> {
    pub(super) fn new(without_span: &Dispatch, make: impl FnOnce() -> T) -> Self {
        Self {
            inner: dispatcher::with_default(without_span, make),
            enter: Enter(without_span.clone()),
            leave: Leave,
        }
    }

    pub(super) fn map<U>(self, f: impl FnOnce(T) -> U) -> Detached<U> {
        let Self {
            enter,
            inner,
            leave,
        } = self;
        Detached {
            inner: dispatcher::with_default(&enter.0, || f(inner)),
            enter,
            leave,
        }
    }

    pub(super) fn get_mut(&mut self) -> &mut T {
        &mut self.inner
    }
}

impl<F: Future> Future for Detached<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        dispatcher::with_default(&this.enter.0, || this.inner.poll(cx))
    }
}

impl<S: Stream> Stream for Detached<S> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Option<S::Item>> {
        let this = self.project();
        dispatcher::with_default(&this.enter.0, || this.inner.poll_next(cx))
    }
}

// === impl Enter ===

impl Drop for Enter {
    fn drop(&mut self) {
        // A thread that ends has no spans any more.
        let _ = ENTERED.try_with(|entered| {
            entered.borrow_mut().push(dispatcher::set_default(&self.0));
        });
    }
}

// === impl Leave ===

impl Drop for Leave {
    fn drop(&mut self) {
        // Dropped when nothing is borrowed: it may be the last to hold a subscriber.
        let entered = ENTERED.try_with(|entered| entered.borrow_mut().pop());
        drop(entered);
    }
}

// === impl WithoutSpan ===

/// `current_span` is the one method that does not go on: by default there is none.
impl Subscriber for WithoutSpan {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if metadata.target() == STATEMENT_LOGS {
            return Interest::never();
        }
        self.0.register_callsite(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        // The most verbose subscriber decides, and the one within has its own say.
        Some(LevelFilter::OFF)
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() != STATEMENT_LOGS && self.0.enabled(metadata)
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        self.0.new_span(attributes)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        self.0.record(span, values);
    }

    fn record_follows_from(&self, span: &Id, follows: &Id) {
        self.0.record_follows_from(span, follows);
    }

    fn event(&self, event: &Event<'_>) {
        self.0.event(event);
    }

    fn enter(&self, span: &Id) {
        self.0.enter(span);
    }

    fn exit(&self, span: &Id) {
        self.0.exit(span);
    }

    fn clone_span(&self, span: &Id) -> Id {
        self.0.clone_span(span)
    }

    fn try_close(&self, span: Id) -> bool {
        self.0.try_close(span)
    }
}
