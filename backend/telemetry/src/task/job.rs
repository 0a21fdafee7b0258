//! A future with a span of its own.

use opentelemetry::{Context, trace::Status};
use pin_project_lite::pin_project;
use std::{
    fmt,
    pin::Pin,
    task::{self, Poll},
};
use throughline_core::names;
use tracing::{
    Span,
    instrument::{Instrument, Instrumented},
};
use tracing_opentelemetry::OpenTelemetrySpanExt;

pin_project! {
    /// Runs a future within a span that ends with it. Made by [`continued`](super::continued) and
    /// [`linked`](super::linked).
    #[must_use = "a future does nothing until it is polled or spawned"]
    pub struct Job<F> {
        // Current even if the span is not wanted.
        context: Context,
        // Polls and drops the future within the span.
        #[pin]
        inner: Instrumented<F>,
        end: End,
    }

    impl<F> PinnedDrop for Job<F> {
        fn drop(this: Pin<&mut Self>) {
            let span = this.inner.span();
            match this.end {
                End::Complete => {}
                // Whoever aborts a task wants it so: not an error.
                End::Open => span.set_attribute(names::throughline::TASK_CANCELLED, true),
                End::Panicked => {
                    span.set_attribute(names::error::TYPE, "panic");
                    // Without a description: the panic hook may have said more, and this does not replace it.
                    span.set_status(Status::error(""));
                }
            }
        }
    }
}

/// How the future ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Open,
    Complete,
    Panicked,
}

// === impl Job ===

impl<F: Future> Job<F> {
    pub(super) fn new(context: Context, span: Span, future: F) -> Self {
        Self {
            context,
            inner: future.instrument(span),
            end: End::Open,
        }
    }
}

impl<F: Future> Future for Job<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let attached = this.context.clone().attach();
        // Until it returns.
        *this.end = End::Panicked;
        let polled = this.inner.poll(cx);
        *this.end = match &polled {
            Poll::Ready(_) => End::Complete,
            Poll::Pending => End::Open,
        };
        drop(attached);
        polled
    }
}

impl<F> fmt::Debug for Job<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job")
            .field("end", &self.end)
            .finish_non_exhaustive()
    }
}
