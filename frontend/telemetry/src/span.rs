//! A span: recorded straight into the message that will be exported.

use std::borrow::Cow;
use std::time::SystemTime;

use opentelemetry::trace::{self, SpanContext, SpanKind, Status};
use opentelemetry::{KeyValue, trace::Link};
use prost::Message;
use prost::bytes::Bytes;
use throughline_core::limits;

use crate::clock::{self, Anchor};
use crate::export::{self, Item, otlp};
use crate::interaction::roots;

/// One operation. It ends when [`end`](trace::Span::end) is called, or when it is dropped.
#[derive(Debug)]
pub(crate) struct Span {
    context: SpanContext,
    /// `None` once it has ended, or if it was never to be recorded.
    recording: Option<Box<Recording>>,
}

#[derive(Debug)]
pub(crate) struct Recording {
    pub(crate) message: otlp::Span,
    /// An encoded [`otlp::Scope`].
    pub(crate) scope: Bytes,
    pub(crate) anchor: Anchor,
}

// === impl Span ===

impl Span {
    pub(crate) fn recording(context: SpanContext, recording: Recording) -> Self {
        Self {
            context,
            recording: Some(Box::new(recording)),
        }
    }

    /// A span that only carries a context on.
    pub(crate) fn silent(context: SpanContext) -> Self {
        Self {
            context,
            recording: None,
        }
    }

    fn end_at(&mut self, at: impl FnOnce(Anchor) -> u64) {
        let Some(recording) = self.recording.take() else {
            return;
        };
        let Recording {
            mut message,
            scope,
            anchor,
        } = *recording;
        let end = at(anchor).max(message.start_time_unix_nano);
        message.end_time_unix_nano = end;
        roots::span_ended(self.context.trace_id(), self.context.span_id(), end);
        export::record(Item {
            scope,
            span: message.encode_to_vec().into(),
        });
    }

    fn add_event_at(
        &mut self,
        name: &str,
        at: impl FnOnce(Anchor) -> u64,
        attributes: Vec<KeyValue>,
    ) {
        let Some(recording) = &mut self.recording else {
            return;
        };
        let at = at(recording.anchor);
        recording.message.push_event(at, name, attributes, 0);
    }
}

fn now(anchor: Anchor) -> u64 {
    anchor.unix_nanos(clock::monotonic())
}

impl trace::Span for Span {
    fn add_event<T: Into<Cow<'static, str>>>(&mut self, name: T, attributes: Vec<KeyValue>) {
        self.add_event_at(&name.into(), now, attributes);
    }

    fn add_event_with_timestamp<T: Into<Cow<'static, str>>>(
        &mut self,
        name: T,
        timestamp: SystemTime,
        attributes: Vec<KeyValue>,
    ) {
        self.add_event_at(
            &name.into(),
            |anchor| clock::given(timestamp, anchor),
            attributes,
        );
    }

    fn span_context(&self) -> &SpanContext {
        &self.context
    }

    fn is_recording(&self) -> bool {
        self.recording.is_some()
    }

    fn set_attribute(&mut self, attribute: KeyValue) {
        if let Some(recording) = &mut self.recording {
            recording.message.set_attribute(attribute);
        }
    }

    /// `Ok` is final, and nothing goes back to `Unset` (specification, Set Status).
    fn set_status(&mut self, status: Status) {
        let Some(recording) = &mut self.recording else {
            return;
        };
        let message = &mut recording.message;
        let is_ok = message
            .status
            .as_ref()
            .is_some_and(|status| status.code == STATUS_OK);
        let (code, text) = match status {
            Status::Unset => return,
            Status::Ok => (STATUS_OK, Cow::Borrowed("")),
            Status::Error { description } => (STATUS_ERROR, description),
        };
        if !is_ok {
            let text = otlp::cut(&text, limits::MAX_ATTRIBUTE_VALUE_BYTES).to_owned();
            message.status = Some(otlp::Status {
                message: text,
                code,
            });
        }
    }

    fn update_name<T: Into<Cow<'static, str>>>(&mut self, new_name: T) {
        if let Some(recording) = &mut self.recording {
            otlp::cut(&new_name.into(), limits::MAX_NAME_BYTES)
                .clone_into(&mut recording.message.name);
        }
    }

    fn add_link(&mut self, span_context: SpanContext, attributes: Vec<KeyValue>) {
        if let Some(recording) = &mut self.recording {
            recording
                .message
                .push_link(Link::new(span_context, attributes, 0));
        }
    }

    fn end(&mut self) {
        self.end_at(now);
    }

    fn end_with_timestamp(&mut self, timestamp: SystemTime) {
        self.end_at(|anchor| clock::given(timestamp, anchor));
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        self.end_at(now);
    }
}

// === impl otlp::Span ===

const STATUS_OK: i32 = 1;
const STATUS_ERROR: i32 = 2;

/// `SPAN_FLAGS_CONTEXT_HAS_IS_REMOTE_MASK` and `SPAN_FLAGS_CONTEXT_IS_REMOTE_MASK`.
const HAS_IS_REMOTE: u32 = 0x100;
const IS_REMOTE: u32 = 0x200;

impl otlp::Span {
    pub(crate) fn set_attribute(&mut self, attribute: KeyValue) {
        otlp::set(
            &mut self.attributes,
            &mut self.dropped_attributes_count,
            limits::MAX_ATTRIBUTES,
            attribute,
        );
    }

    pub(crate) fn push_event(
        &mut self,
        at: u64,
        name: &str,
        attributes: Vec<KeyValue>,
        already_dropped: u32,
    ) {
        if self.events.len() >= limits::MAX_EVENTS {
            self.dropped_events_count = self.dropped_events_count.saturating_add(1);
            return;
        }
        let (attributes, dropped) = otlp::attributes(attributes, limits::MAX_ATTRIBUTES_PER_EVENT);
        self.events.push(otlp::Event {
            time_unix_nano: at,
            name: otlp::cut(name, limits::MAX_NAME_BYTES).to_owned(),
            attributes,
            dropped_attributes_count: dropped.saturating_add(already_dropped),
        });
    }

    pub(crate) fn push_link(&mut self, link: Link) {
        if self.links.len() >= limits::MAX_LINKS {
            self.dropped_links_count = self.dropped_links_count.saturating_add(1);
            return;
        }
        let Link {
            span_context,
            attributes,
            dropped_attributes_count,
            ..
        } = link;
        let (attributes, dropped) = otlp::attributes(attributes, limits::MAX_ATTRIBUTES_PER_LINK);
        self.links.push(otlp::Link {
            trace_id: span_context.trace_id().to_bytes().to_vec(),
            span_id: span_context.span_id().to_bytes().to_vec(),
            trace_state: span_context.trace_state().header(),
            attributes,
            dropped_attributes_count: dropped.saturating_add(dropped_attributes_count),
            flags: flags(&span_context, span_context.is_remote()),
        });
    }
}

/// The flags of the message: those of W3C, and where the parent (or the linked span) is from.
pub(crate) fn flags(context: &SpanContext, is_remote: bool) -> u32 {
    let remote = if is_remote { IS_REMOTE } else { 0 };
    u32::from(context.trace_flags().to_u8()) | HAS_IS_REMOTE | remote
}

/// The message's number for a kind.
pub(crate) fn kind(kind: Option<&SpanKind>) -> i32 {
    match kind {
        None | Some(SpanKind::Internal) => 1,
        Some(SpanKind::Server) => 2,
        Some(SpanKind::Client) => 3,
        Some(SpanKind::Producer) => 4,
        Some(SpanKind::Consumer) => 5,
    }
}
