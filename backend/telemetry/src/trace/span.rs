//! An open span, and the bytes of one that has ended.

use super::{memory, provider::Shared};
use bytes::Bytes;
use opentelemetry::{
    InstrumentationScope, KeyValue,
    trace::{self, Event, Link, SpanContext, Status},
};
use std::{
    borrow::Cow,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};
use throughline_core::otlp::{self, Any, Recording};

/// One operation. It ends when [`end`](trace::Span::end) is called, or when it is dropped.
#[derive(Debug)]
pub(crate) struct Span {
    context: SpanContext,
    /// None once it has ended, or if it is not recorded.
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    recording: Recording,
    /// It is not exported, for what an attribute says.
    is_dropped: bool,
    scope: Arc<Scope>,
    shared: Arc<Shared>,
}

/// A span that has ended: a `Span` of OTLP, in protobuf.
#[derive(Clone, Debug)]
pub(crate) struct EncodedSpan {
    pub(crate) scope: Arc<Scope>,
    pub(crate) bytes: Bytes,
}

/// The scope of a tracer.
#[derive(Debug)]
pub(crate) struct Scope {
    pub(crate) api: InstrumentationScope,
    /// What a `ScopeSpans` says of it.
    pub(crate) encoded: Vec<u8>,
}

// === impl Scope ===

impl Scope {
    pub(crate) fn new(api: InstrumentationScope) -> Self {
        let encoded = otlp::scope(&api, usize::MAX).into_bytes();
        Self { api, encoded }
    }
}

// === impl Span ===

impl Span {
    pub(super) fn recording(
        context: SpanContext,
        recording: Recording,
        is_dropped: bool,
        scope: &Arc<Scope>,
        shared: &Arc<Shared>,
    ) -> Self {
        let open = Open {
            recording,
            is_dropped,
            scope: Arc::clone(scope),
            shared: Arc::clone(shared),
        };
        Self {
            context,
            open: Some(open),
        }
    }

    /// A span that only carries a context on.
    pub(super) fn silent(context: SpanContext) -> Self {
        Self {
            context,
            open: None,
        }
    }

    /// Sets attributes.
    pub(super) fn set_all(&mut self, attributes: &[KeyValue]) {
        if let Some(open) = &mut self.open {
            attributes.iter().for_each(|it| open.set(it));
        }
    }

    pub(super) fn start_at(&mut self, time: SystemTime) {
        if let Some(open) = &mut self.open {
            open.recording.start = nanos(time);
        }
    }

    pub(super) fn push_event(&mut self, event: Event) {
        if let Some(Open {
            recording, shared, ..
        }) = &mut self.open
        {
            let (at, dropped) = (nanos(event.timestamp), event.dropped_attributes_count);
            let attributes = shared.settings.finish.attributes(event.attributes);
            let limits = &shared.settings.limits;
            recording.push_event(&event.name, at, &attributes, dropped, limits);
        }
    }

    pub(super) fn push_link(&mut self, link: Link) {
        if let Some(Open {
            recording, shared, ..
        }) = &mut self.open
        {
            let dropped = link.dropped_attributes_count;
            let attributes = shared.settings.finish.attributes(link.attributes);
            let limits = &shared.settings.limits;
            recording.push_link(&link.span_context, &attributes, dropped, limits);
        }
    }

    fn end_at(&mut self, time: Option<SystemTime>) {
        let Some(open) = self.open.take() else {
            return;
        };
        let Open {
            mut recording,
            is_dropped,
            scope,
            shared,
        } = open;
        let is_wanted = self.context.is_sampled() && !is_dropped && !shared.is_shut_down();
        if is_wanted && !shared.settings.finish.drops(&recording) {
            let end = time.map_or_else(now, nanos);
            let bytes = recording.complete(&self.context, end, &shared.settings.limits);
            let bytes = memory::keep(bytes);
            shared.export(EncodedSpan { scope, bytes });
        }
    }
}

impl Open {
    fn set(&mut self, attribute: &KeyValue) {
        let (key, value) = (attribute.key.as_str(), Any::from(&attribute.value));
        let attributes = &mut self.recording.attributes;
        let settings = &self.shared.settings;
        settings.shape(key, &value, &mut self.is_dropped, |value, max| {
            attributes.set(key, value, max);
        });
    }
}

impl trace::Span for Span {
    fn add_event_with_timestamp<T: Into<Cow<'static, str>>>(
        &mut self,
        name: T,
        timestamp: SystemTime,
        attributes: Vec<KeyValue>,
    ) {
        self.push_event(Event::new(name, timestamp, attributes, 0));
    }

    fn span_context(&self) -> &SpanContext {
        &self.context
    }

    fn is_recording(&self) -> bool {
        self.open.is_some()
    }

    fn set_attribute(&mut self, attribute: KeyValue) {
        if let Some(open) = &mut self.open {
            open.set(&attribute);
        }
    }

    fn set_status(&mut self, status: Status) {
        if let Some(open) = &mut self.open {
            open.recording.set_status(status);
        }
    }

    fn update_name<T: Into<Cow<'static, str>>>(&mut self, new_name: T) {
        if let Some(open) = &mut self.open {
            open.recording.name = new_name.into();
        }
    }

    fn add_link(&mut self, span_context: SpanContext, attributes: Vec<KeyValue>) {
        self.push_link(Link::new(span_context, attributes, 0));
    }

    fn end_with_timestamp(&mut self, timestamp: SystemTime) {
        self.end_at(Some(timestamp));
    }

    fn end(&mut self) {
        self.end_at(None);
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        self.end_at(None);
    }
}

/// Nanoseconds since 1970, now.
pub(super) fn now() -> u64 {
    nanos(SystemTime::now())
}

/// Nanoseconds since 1970. A time that has no such number is 0, as the specification has it for unknown ones.
fn nanos(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or_default()
}
