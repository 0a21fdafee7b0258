//! A span: recorded in the API's types, written as bytes when it ends.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::SystemTime;

use opentelemetry::KeyValue;
use opentelemetry::trace::{self, SpanContext, SpanKind, Status};
use throughline_core::limits::MAX_NAME_BYTES;

use crate::clock::{self, Anchor};
use crate::consent;
use crate::export::{self, Item, Signal};
use crate::interaction::roots;
use crate::limits;
use crate::otlp::{self, Attributes, Message, cut};

/// One operation. It ends when [`end`](trace::Span::end) is called, or when it is dropped.
pub(crate) struct Span {
    context: SpanContext,
    /// `None` once it has ended, or if it was never to be recorded.
    recording: Option<Box<Recording>>,
}

pub(crate) struct Recording {
    /// The fields of the message that do not change.
    pub(crate) head: Message,
    pub(crate) name: Cow<'static, str>,
    pub(crate) start: u64,
    pub(crate) attributes: Attributes,
    pub(crate) events: Parts,
    pub(crate) links: Parts,
    pub(crate) status: Status,
    /// An encoded scope.
    pub(crate) scope: Arc<[u8]>,
    pub(crate) anchor: Anchor,
    /// The [`consent::epoch`] that it was started in.
    pub(crate) consent: u32,
}

/// Events or links, written as fields of the span.
#[derive(Default)]
pub(crate) struct Parts {
    fields: Message,
    count: usize,
    dropped: u32,
}

/// The fields of the `Span` message.
mod field {
    pub(super) const EVENTS: u32 = 11;
    pub(super) const LINKS: u32 = 13;
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

    /// Sets an attribute with an encoded `AnyValue`: without the API's `KeyValue`, for our own instrumentations.
    #[inline(never)]
    pub(crate) fn set(&mut self, key: &str, value: &Message) {
        if let Some(recording) = &mut self.recording {
            let max = limits::get().attributes;
            recording.attributes.set(key, value, max);
        }
    }

    #[inline(never)]
    pub(crate) fn set_text(&mut self, key: &str, text: &str) {
        self.set(key, &otlp::text(text));
    }

    /// What is recorded, if it still is.
    pub(crate) fn recorded(&mut self) -> Option<&mut Recording> {
        self.recording.as_deref_mut()
    }

    fn end_at(&mut self, at: Option<SystemTime>) {
        if let Some(recording) = &self.recording {
            let end = clock::at(at, recording.anchor);
            self.end_nanos(end);
        }
    }

    /// Ends it at this time in nanoseconds since 1970, but not before its start.
    #[inline(never)]
    pub(crate) fn end_nanos(&mut self, end: u64) {
        let Some(mut recording) = self.recording.take() else {
            return;
        };
        let end = end.max(recording.start);
        recording.finish(end);
        roots::span_ended(self.context.trace_id(), self.context.span_id(), end);
        if recording.consent != consent::epoch() {
            return export::refuse(Signal::Traces);
        }
        export::record(
            Signal::Traces,
            Item {
                scope: Arc::clone(&recording.scope),
                bytes: std::mem::take(&mut recording.head).into_bytes(),
            },
        );
    }

    fn event(&mut self, name: &str, at: Option<SystemTime>, attributes: Vec<KeyValue>) {
        if let Some(recording) = &mut self.recording {
            recording.push_event(name, at, &attributes, 0);
        }
    }
}

impl trace::Span for Span {
    fn add_event<T: Into<Cow<'static, str>>>(&mut self, name: T, attributes: Vec<KeyValue>) {
        self.event(&name.into(), None, attributes);
    }

    fn add_event_with_timestamp<T: Into<Cow<'static, str>>>(
        &mut self,
        name: T,
        timestamp: SystemTime,
        attributes: Vec<KeyValue>,
    ) {
        self.event(&name.into(), Some(timestamp), attributes);
    }

    fn span_context(&self) -> &SpanContext {
        &self.context
    }

    fn is_recording(&self) -> bool {
        self.recording.is_some()
    }

    fn set_attribute(&mut self, attribute: KeyValue) {
        if let Some(recording) = &mut self.recording {
            let attribute = std::slice::from_ref(&attribute);
            recording
                .attributes
                .set_all(attribute, limits::get().attributes);
        }
    }

    /// `Ok` is final, and nothing goes back to `Unset` (specification, Set Status).
    fn set_status(&mut self, status: Status) {
        if let Some(recording) = &mut self.recording
            && !matches!(recording.status, Status::Ok)
            && !matches!(status, Status::Unset)
        {
            recording.status = status;
        }
    }

    fn update_name<T: Into<Cow<'static, str>>>(&mut self, new_name: T) {
        if let Some(recording) = &mut self.recording {
            recording.name = new_name.into();
        }
    }

    fn add_link(&mut self, span_context: SpanContext, attributes: Vec<KeyValue>) {
        if let Some(recording) = &mut self.recording {
            recording.push_link(&span_context, &attributes, 0);
        }
    }

    fn end(&mut self) {
        self.end_at(None);
    }

    fn end_with_timestamp(&mut self, timestamp: SystemTime) {
        self.end_at(Some(timestamp));
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        self.end_at(None);
    }
}

impl std::fmt::Debug for Span {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Span")
    }
}

// === impl Recording ===

impl Recording {
    pub(crate) fn push_event(
        &mut self,
        name: &str,
        at: Option<SystemTime>,
        attributes: &[KeyValue],
        already_dropped: u32,
    ) {
        let limits = limits::get();
        if !self.events.has_room(limits.events) {
            return;
        }
        let mut event = Message::default();
        event.fixed64(1, clock::at(at, self.anchor));
        event.text(2, cut(name, MAX_NAME_BYTES));
        Attributes::new(attributes, limits.attributes_per_event).write(
            &mut event,
            3,
            already_dropped,
        );
        self.events.fields.message(field::EVENTS, &event);
    }

    pub(crate) fn push_link(
        &mut self,
        to: &SpanContext,
        attributes: &[KeyValue],
        already_dropped: u32,
    ) {
        let limits = limits::get();
        if !self.links.has_room(limits.links) {
            return;
        }
        let mut link = Message::default();
        link.context(to);
        Attributes::new(attributes, limits.attributes_per_event).write(
            &mut link,
            4,
            already_dropped,
        );
        link.fixed32(6, flags(to, to.is_remote()));
        self.links.fields.message(field::LINKS, &link);
    }

    /// Completes the message.
    fn finish(&mut self, end: u64) {
        let span = &mut self.head;
        span.text(5, cut(&self.name, MAX_NAME_BYTES));
        span.fixed64(8, end);
        self.attributes.write(span, 9, 0);
        self.events.write(span, field::EVENTS);
        self.links.write(span, field::LINKS);
        if let Some(status) = status(&self.status) {
            span.message(15, &status);
        }
    }
}

// === impl Parts ===

impl Parts {
    /// Counts one more, as kept or as dropped.
    fn has_room(&mut self, max: usize) -> bool {
        let room = self.count < max;
        if room {
            self.count += 1;
        } else {
            self.dropped = self.dropped.saturating_add(1);
        }
        room
    }

    fn write(&self, span: &mut Message, field: u32) {
        span.fields(&self.fields);
        span.uint(field + 1, self.dropped.into());
    }
}

/// The `Status` message; nothing for `Unset`.
fn status(status: &Status) -> Option<Message> {
    let mut message = Message::default();
    match status {
        Status::Unset => return None,
        Status::Ok => message.uint(3, 1),
        Status::Error { description } => {
            let max = limits::get().attribute_value_bytes;
            message.text(2, cut(description, max));
            message.uint(3, 2);
        }
    }
    Some(message)
}

/// The flags of a message: those of W3C, and where the parent (or the linked span) is from.
pub(crate) fn flags(context: &SpanContext, is_remote: bool) -> u32 {
    /// `SPAN_FLAGS_CONTEXT_HAS_IS_REMOTE_MASK` and `SPAN_FLAGS_CONTEXT_IS_REMOTE_MASK`.
    const HAS_IS_REMOTE: u32 = 0x100;
    const IS_REMOTE: u32 = 0x200;
    let remote = if is_remote { IS_REMOTE } else { 0 };
    u32::from(context.trace_flags().to_u8()) | HAS_IS_REMOTE | remote
}

/// The message's number for a kind.
pub(crate) fn kind(kind: &SpanKind) -> u64 {
    match kind {
        SpanKind::Internal => 1,
        SpanKind::Server => 2,
        SpanKind::Client => 3,
        SpanKind::Producer => 4,
        SpanKind::Consumer => 5,
    }
}
