//! What a handler, and then a body, run in: the context of their exchange.

use super::{end::EndOfExchange, span::Exchange};
use opentelemetry::Context;

/// A context, and the exchange until it ends.
#[derive(Debug, Default)]
pub(crate) struct Running {
    context: Context,
    /// None if it is not traced, or has ended.
    pub(super) exchange: Option<Exchange>,
}

/// Tells a return from an unwinding.
struct EndOnPanic<'a> {
    exchange: &'a mut Option<Exchange>,
    returned: bool,
}

// === impl Running ===

impl Running {
    pub(crate) fn traced(exchange: Exchange) -> Self {
        Self {
            context: exchange.context().clone(),
            exchange: Some(exchange),
        }
    }

    /// Without an exchange of its own.
    pub(crate) fn untraced(context: Context) -> Self {
        Self {
            context,
            exchange: None,
        }
    }

    /// Runs `f` with the context as the current one. A panic in `f` ends the exchange, then goes on.
    pub(crate) fn run<T>(&mut self, f: impl FnOnce() -> T) -> T {
        let mut guard = EndOnPanic {
            exchange: &mut self.exchange,
            returned: false,
        };
        let attached = self.context.clone().attach();
        let value = f();
        drop(attached);
        guard.returned = true;
        value
    }

    /// Ends the exchange, if it has not ended before.
    pub(crate) fn end(&mut self, how: EndOfExchange) {
        if let Some(exchange) = self.exchange.take() {
            exchange.end(how);
        }
    }
}

// === impl EndOnPanic ===

impl Drop for EndOnPanic<'_> {
    fn drop(&mut self) {
        if !self.returned
            && let Some(exchange) = self.exchange.take()
        {
            exchange.end(EndOfExchange::Panicked);
        }
    }
}
