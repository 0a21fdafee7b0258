//! What an application adds to the spans of its exchanges.

use axum::{extract::Request, response::Response};
use opentelemetry::trace::SpanRef;
use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

type Hook<Message> = Arc<dyn Fn(&SpanRef<'_>, &Message) + Send + Sync>;

/// The hooks, in the order in which they were given.
#[derive(Clone, Default)]
pub(crate) struct Hooks {
    request: Vec<Hook<Request>>,
    response: Vec<Hook<Response>>,
}

// === impl Hooks ===

impl Hooks {
    pub(crate) fn add_request(
        &mut self,
        hook: impl Fn(&SpanRef<'_>, &Request) + Send + Sync + 'static,
    ) {
        self.request.push(Arc::new(hook));
    }

    pub(crate) fn add_response(
        &mut self,
        hook: impl Fn(&SpanRef<'_>, &Response) + Send + Sync + 'static,
    ) {
        self.response.push(Arc::new(hook));
    }

    pub(crate) fn on_request(&self, span: &SpanRef<'_>, request: &Request) {
        for hook in self.request.iter().filter(|_| span.is_recording()) {
            harmless(|| hook(span, request));
        }
    }

    pub(crate) fn on_response(&self, span: &SpanRef<'_>, response: &Response) {
        for hook in self.response.iter().filter(|_| span.is_recording()) {
            harmless(|| hook(span, response));
        }
    }
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hooks")
            .field("request", &self.request.len())
            .field("response", &self.response.len())
            .finish()
    }
}

/// The process's panic hook has told of the panic by then; the exchange goes on without what the hook would have added.
fn harmless(hook: impl FnOnce()) {
    let _panicked = catch_unwind(AssertUnwindSafe(hook));
}
