//! The response's body, which carries the exchange's span to its end.

use super::{end::EndOfExchange, message::announced, running::Running};
use axum::body::{Body, Bytes};
use http::HeaderMap;
use http_body::{Body as _, Frame, SizeHint};
use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

/// Ends the exchange when the body ends, however it ends.
#[derive(Debug)]
pub(crate) struct TracedBody {
    /// None after its end.
    inner: Option<Body>,
    running: Running,
    /// Bytes still to come, where they are known: hyper stops polling at the last one and never asks for the end.
    remaining_bytes: Option<u64>,
}

// === impl TracedBody ===

impl TracedBody {
    pub(crate) fn new(inner: Body, headers: &HeaderMap, running: Running) -> Self {
        let remaining_bytes = inner.size_hint().exact().or_else(|| announced(headers));
        Self {
            inner: Some(inner),
            running,
            remaining_bytes,
        }
    }

    fn sent(&mut self, frame: &Frame<Bytes>) {
        let bytes = frame.data_ref().map_or(0, |data| data.len() as u64);
        if let Some(exchange) = &mut self.running.exchange {
            exchange.outcome.response_bytes += bytes;
        }
        if let Some(remaining) = &mut self.remaining_bytes {
            *remaining = remaining.saturating_sub(bytes);
        }
        if self.remaining_bytes == Some(0) || self.inner.is_none() {
            self.running.end(EndOfExchange::Complete);
        }
    }
}

impl Drop for TracedBody {
    /// What the stream holds is dropped in the exchange's context, and its spans end, before the SERVER span does.
    fn drop(&mut self) {
        if let Some(inner) = self.inner.take() {
            self.running.run(|| drop(inner));
        }
    }
}

impl http_body::Body for TracedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = &mut *self;
        let frame = ready!(this.running.run(|| next(&mut this.inner, cx)));
        match &frame {
            None => this.running.end(EndOfExchange::Complete),
            Some(Err(error)) => this.running.end(EndOfExchange::of_error(error)),
            Some(Ok(frame)) => this.sent(frame),
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let ended = || SizeHint::with_exact(0);
        self.inner.as_ref().map_or_else(ended, Body::size_hint)
    }
}

/// The next frame. What the body holds is dropped with the last one, and its spans end, before the SERVER span does.
fn next(
    body: &mut Option<Body>,
    cx: &mut Context<'_>,
) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
    let Some(inner) = body else {
        return Poll::Ready(None);
    };
    let frame = ready!(Pin::new(&mut *inner).poll_frame(cx));
    if frame.is_none() || inner.is_end_stream() {
        *body = None;
    }
    Poll::Ready(frame)
}
