//! A span. What is said of it is encoded at once, in the bytes that are exported.

use std::borrow::Cow;
use std::time::SystemTime;

use opentelemetry::KeyValue;
use opentelemetry::trace::{self, SpanContext, SpanId, SpanKind, Status};
use throughline_core::limits::MAX_NAME_BYTES;
use throughline_core::w3c;

use crate::clock::{self, Anchor};
use crate::consent;
use crate::export::{self, Item, Signal};
use crate::interaction::roots;
use crate::limits;
use crate::otlp::{Any, Attributes, Message, Scope, cut};

/// One operation. It ends when [`end`](trace::Span::end) is called, or when it is dropped.
pub(crate) struct Span {
    context: SpanContext,
    /// `None` once it has ended, or if it was never to be recorded.
    recording: Option<Recording>,
}

pub(crate) struct Recording {
    /// Its message, in which events and links follow, and at its end the rest.
    pub(crate) attributes: Attributes,
    pub(crate) name: Cow<'static, str>,
    pub(crate) kind: u8,
    pub(crate) flags: u32,
    /// Zero if there is none.
    pub(crate) parent: SpanId,
    pub(crate) start: u64,
    pub(crate) events: Count,
    pub(crate) links: Count,
    pub(crate) status: Status,
    pub(crate) scope: Scope,
    pub(crate) anchor: Anchor,
    /// The [`consent::epoch`] that it was started in.
    pub(crate) consent: u32,
}

/// How many events or links there are, and how many found no room.
#[derive(Default)]
pub(crate) struct Count {
    kept: usize,
    dropped: u32,
}

/// A span that has ended, and is not recorded yet.
#[cfg(feature = "resource-timing")]
pub(crate) struct Ended {
    item: Item,
    /// For further attributes.
    room: usize,
}

/// Fields of the `Span` message.
pub(crate) mod field {
    pub(crate) const ATTRIBUTES: u8 = 9;
    pub(super) const EVENTS: u32 = 11;
    pub(super) const LINKS: u32 = 13;
}

// === impl Span ===

impl Span {
    pub(crate) fn recording(context: SpanContext, recording: Recording) -> Self {
        Self {
            context,
            recording: Some(recording),
        }
    }

    /// A span that only carries a context on.
    pub(crate) fn silent(context: SpanContext) -> Self {
        Self {
            context,
            recording: None,
        }
    }

    /// Sets an attribute without the API's `KeyValue`, for our own instrumentations.
    #[inline(never)]
    pub(crate) fn set(&mut self, key: &str, value: &Any<'_>) {
        if let Some(recording) = &mut self.recording {
            let max = limits::get().attributes;
            recording.attributes.set(key, value, max);
        }
    }

    #[inline(never)]
    pub(crate) fn set_text(&mut self, key: &str, text: &str) {
        self.set(key, &Any::Text(text));
    }

    #[inline(never)]
    fn end_at(&mut self, at: Option<SystemTime>) {
        if let Some(recording) = &self.recording {
            let now = clock::monotonic_nanos();
            let end = clock::at(at, recording.anchor.unix_nanos(now));
            self.finish(end, now);
        }
    }

    /// Ends it at this time in nanoseconds since 1970, but not before its start.
    #[inline(never)]
    #[allow(dead_code, reason = "for the load of the document")]
    pub(crate) fn end_nanos(&mut self, end: u64) {
        self.finish(end, clock::monotonic_nanos());
    }

    fn finish(&mut self, end: u64, now: u64) {
        if let Some(item) = self.complete(end, now) {
            export::record(Signal::Traces, item, now);
        }
    }

    /// Ends it now, for whoever still has something to add before it is recorded.
    #[cfg(feature = "resource-timing")]
    pub(crate) fn end_apart(&mut self) -> Option<Ended> {
        let now = clock::monotonic_nanos();
        let recording = self.recording.as_ref()?;
        let end = recording.anchor.unix_nanos(now);
        let room = recording.attributes.room(limits::get().attributes);
        self.complete(end, now).map(|item| Ended { item, room })
    }

    /// What is to be recorded of it.
    fn complete(&mut self, end: u64, now: u64) -> Option<Item> {
        let recording = self.recording.as_mut()?;
        let end = end.max(recording.start);
        let context = &self.context;
        let at = recording.anchor.unix_nanos(now);
        roots::span_ended(context.trace_id(), context.span_id(), end, at);
        let mut item = None;
        if recording.consent == consent::epoch() {
            recording.complete(context, end);
            item = Some(Item {
                scope: Scope::clone(&recording.scope),
                bytes: std::mem::take(&mut recording.attributes.message).into_bytes(),
            });
        } else {
            export::refuse(Signal::Traces);
        }
        self.recording = None;
        item
    }

    fn event(&mut self, name: &str, at: Option<SystemTime>, attributes: &[KeyValue]) {
        if let Some(recording) = &mut self.recording {
            recording.push_event(name, at, attributes, 0);
        }
    }
}

impl trace::Span for Span {
    fn add_event<T: Into<Cow<'static, str>>>(&mut self, name: T, attributes: Vec<KeyValue>) {
        self.event(&name.into(), None, &attributes);
    }

    fn add_event_with_timestamp<T: Into<Cow<'static, str>>>(
        &mut self,
        name: T,
        timestamp: SystemTime,
        attributes: Vec<KeyValue>,
    ) {
        self.event(&name.into(), Some(timestamp), &attributes);
    }

    fn span_context(&self) -> &SpanContext {
        &self.context
    }

    fn is_recording(&self) -> bool {
        self.recording.is_some()
    }

    fn set_attribute(&mut self, attribute: KeyValue) {
        self.set(attribute.key.as_str(), &Any::from(&attribute.value));
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
    #[inline(never)]
    pub(crate) fn push_event(
        &mut self,
        name: &str,
        at: Option<SystemTime>,
        attributes: &[KeyValue],
        already_dropped: u32,
    ) {
        if self.events.has_room(limits::get().events) {
            let mut event = part(3, attributes, already_dropped);
            event.fixed64(1, clock::at(at, self.anchor.now()));
            event.text(2, cut(name, MAX_NAME_BYTES));
            self.attributes.message.message(field::EVENTS, &event);
        }
    }

    #[inline(never)]
    pub(crate) fn push_link(
        &mut self,
        to: &SpanContext,
        attributes: &[KeyValue],
        already_dropped: u32,
    ) {
        if self.links.has_room(limits::get().links) {
            let mut link = part(4, attributes, already_dropped);
            link.context(to);
            link.fixed32(6, flags(to, to.is_remote()));
            self.attributes.message.message(field::LINKS, &link);
        }
    }

    /// Completes the message. What differs from span to span comes last: what they share is then one stretch, which
    /// compresses better.
    fn complete(&mut self, context: &SpanContext, end: u64) {
        let fields = self.ids_and_times(context, end);
        self.attributes.write_dropped(0);
        let span = &mut self.attributes.message;
        span.uint(field::EVENTS + 1, self.events.dropped.into());
        span.uint(field::LINKS + 1, self.links.dropped.into());
        span.text(5, cut(&self.name, MAX_NAME_BYTES));
        span.uint(6, self.kind.into());
        if !matches!(self.status, Status::Unset) {
            let status = span.begin(15);
            match &self.status {
                Status::Error { description } => {
                    let max = limits::get().attribute_value_bytes;
                    span.text(2, cut(description, max));
                    span.uint(3, 2);
                }
                _ => span.uint(3, 1),
            }
            span.end(status);
        }
        let state = w3c::tracestate(context);
        span.text(3, &state);
        if self.parent != SpanId::INVALID {
            span.span_id(4, self.parent);
        }
        let fields = fields.as_flattened().get(..IDS_AND_TIMES);
        span.append(fields.unwrap_or_default());
    }

    /// The fields that every span has, all of fixed lengths: `flags`, `trace_id`, `span_id`, `start_time_unix_nano` and
    /// `end_time_unix_nano`. In words that the times run across, because one call for each field takes longer than all else
    /// that is done at a span's end.
    #[expect(clippy::cast_possible_truncation, reason = "it is cut in two")]
    fn ids_and_times(&self, context: &SpanContext, end: u64) -> [[u8; 8]; 7] {
        let start = self.start;
        let trace = u128::from_le_bytes(context.trace_id().to_bytes());
        let id = u64::from_le_bytes(context.span_id().to_bytes());
        let word = u64::to_le_bytes;
        [
            word(0x100a_0000_0000_0185 | u64::from(self.flags) << 16),
            word(trace as u64),
            word((trace >> 64) as u64),
            word(0x0812 | id << 16),
            word(id >> 48 | 0x39 << 16 | start << 24),
            word(start >> 40 | 0x41 << 24 | end << 32),
            word(end >> 32),
        ]
    }
}

/// How many bytes of those are the fields'.
const IDS_AND_TIMES: usize = 52;

// === impl Ended ===

#[cfg(feature = "resource-timing")]
impl Ended {
    /// Sets attributes: `set` is told how many there may be. Those that it has already are not looked for.
    pub(crate) fn set(&mut self, set: impl FnOnce(&mut Attributes, usize)) {
        let mut more = Attributes::of_field(field::ATTRIBUTES);
        set(&mut more, self.room);
        self.item.bytes.extend(more.message.into_bytes());
    }

    pub(crate) fn into_item(self) -> Item {
        self.item
    }
}

// === impl Count ===

impl Count {
    /// Counts one more, as kept or as dropped.
    fn has_room(&mut self, max: usize) -> bool {
        let room = self.kept < max;
        if room {
            self.kept += 1;
        } else {
            self.dropped = self.dropped.saturating_add(1);
        }
        room
    }
}

/// The attributes of an event or a link, as this field of it.
#[inline(never)]
fn part(field: u8, attributes: &[KeyValue], already_dropped: u32) -> Message {
    let mut part = Attributes::of_field(field);
    part.set_all(attributes, limits::get().attributes_per_event);
    part.write_dropped(already_dropped);
    part.message
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
pub(crate) fn kind(kind: &SpanKind) -> u8 {
    match kind {
        SpanKind::Internal => 1,
        SpanKind::Server => 2,
        SpanKind::Client => 3,
        SpanKind::Producer => 4,
        SpanKind::Consumer => 5,
    }
}
