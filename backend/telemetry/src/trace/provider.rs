//! The tracer provider.

use super::{EncodedSpan, Finish, Scope, Tracer};
use crate::processor::Lanes;
use opentelemetry::{InstrumentationScope, trace};
use opentelemetry_sdk::{error::OTelSdkResult, trace::ShouldSample};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use throughline_core::otlp::Limits;

/// How long the last exports may take where nobody called for a shutdown. As the SDK's provider has it.
const DROP_TIMEOUT: Duration = Duration::from_secs(5);

/// What `opentelemetry::global` gives out tracers from. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct TracerProvider(Arc<Shared>);

/// What is recorded, and how.
#[derive(Debug)]
pub(crate) struct SpanSettings {
    pub(crate) sampler: Box<dyn ShouldSample>,
    /// Whether the sampler looks at attributes: ours do not, an application's may.
    pub(crate) sampler_reads_attributes: bool,
    pub(crate) limits: Limits,
    pub(crate) finish: Finish,
}

/// What the tracers and spans of a provider have in common.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) settings: SpanSettings,
    lanes: Lanes<EncodedSpan>,
    is_shut_down: AtomicBool,
}

// === impl TracerProvider ===

impl TracerProvider {
    pub(crate) fn new(settings: SpanSettings, lanes: Lanes<EncodedSpan>) -> Self {
        Self(Arc::new(Shared {
            settings,
            lanes,
            is_shut_down: AtomicBool::new(false),
        }))
    }

    pub(crate) fn lanes(&self) -> &Lanes<EncodedSpan> {
        &self.0.lanes
    }

    /// Records nothing more, exports what it can until the timeout, and drops the rest. Blocks the thread.
    pub(crate) fn shutdown(&self, timeout: Duration) -> OTelSdkResult {
        self.0.shutdown(timeout)
    }
}

impl trace::TracerProvider for TracerProvider {
    type Tracer = Tracer;

    fn tracer_with_scope(&self, scope: InstrumentationScope) -> Tracer {
        Tracer::new(Arc::new(Scope::new(scope)), Arc::clone(&self.0))
    }
}

// === impl Shared ===

impl Shared {
    pub(super) fn is_shut_down(&self) -> bool {
        self.is_shut_down.load(Ordering::Relaxed)
    }

    pub(super) fn export(&self, span: EncodedSpan) {
        self.lanes.push(span);
    }

    fn shutdown(&self, timeout: Duration) -> OTelSdkResult {
        self.is_shut_down.store(true, Ordering::Relaxed);
        self.lanes.shutdown(timeout)
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        if !self.is_shut_down() {
            let _late = self.shutdown(DROP_TIMEOUT);
        }
    }
}
