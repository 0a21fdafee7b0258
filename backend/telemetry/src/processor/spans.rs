//! The span processor.

use super::{Finish, Lanes};
use opentelemetry::Context;
use opentelemetry_sdk::{
    error::OTelSdkResult,
    trace::{Span, SpanData, SpanProcessor},
};
use std::{sync::Arc, time::Duration};
use throughline_core::limits;

/// Gives every span its last shape, and hands it to the lanes.
#[derive(Clone, Debug)]
pub(crate) struct Spans {
    pub(crate) lanes: Lanes<SpanData>,
    pub(crate) finish: Arc<Finish>,
}

impl SpanProcessor for Spans {
    fn on_start(&self, _span: &mut Span, _cx: &Context) {}

    fn on_end(&self, mut span: SpanData) {
        if span.span_context.is_sampled() && !self.finish.drops(&span) {
            self.finish.shape(&mut span);
            self.lanes.push(span);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.lanes.flush(limits::EXPORT_TIMEOUT)
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.lanes.shutdown(timeout)
    }
}
