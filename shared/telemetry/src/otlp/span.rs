//! A span that is open: what is said of it is encoded at once, in the bytes that are exported.

use std::borrow::Cow;

use opentelemetry::KeyValue;
use opentelemetry::trace::{SpanContext, SpanId, SpanKind, Status};

use super::{Attributes, Max, Message, cut, word_of, words};
use crate::w3c;

/// The field of a `Span`'s attributes.
pub const SPAN_ATTRIBUTES: u8 = 9;
const EVENTS: u32 = 11;
const LINKS: u32 = 13;

/// Room for the attributes of most events and links.
const USUAL_PART_BYTES: usize = 256;

/// How much one span may hold. What is over is dropped and counted on it; texts are cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of its name, and of an event's.
    pub name_bytes: usize,
    /// Attributes.
    pub attributes: Max,
    /// Events.
    pub events: usize,
    /// Links.
    pub links: usize,
    /// Attributes of one event.
    pub attributes_per_event: usize,
    /// Attributes of one link.
    pub attributes_per_link: usize,
}

/// What is known of a span until it ends.
#[derive(Debug)]
pub struct Recording {
    /// Its message, in which events and links follow, and at its end the rest.
    pub attributes: Attributes,
    /// What it is called.
    pub name: Cow<'static, str>,
    /// The message's number for its kind: see [`kind`].
    pub kind: u8,
    flags: u32,
    /// Zero if there is none.
    parent: SpanId,
    /// Nanoseconds since 1970.
    pub start: u64,
    events: Count,
    links: Count,
    status: Status,
}

/// How many events or links there are, and how many found no room.
#[derive(Debug, Default)]
struct Count {
    kept: usize,
    dropped: u32,
}

// === impl Recording ===

impl Recording {
    /// A span that starts at `start` (nanoseconds since 1970), with the context `own`, below `parent` if that is valid.
    pub fn new(
        name: Cow<'static, str>,
        kind: u8,
        own: &SpanContext,
        parent: &SpanContext,
        start: u64,
        attributes: Attributes,
    ) -> Self {
        Self {
            attributes,
            name,
            kind,
            flags: flags(own, parent.is_remote()),
            parent: parent.span_id(),
            start,
            events: Count::default(),
            links: Count::default(),
            status: Status::Unset,
        }
    }

    /// An event at `at` (nanoseconds since 1970), some of whose attributes were dropped already.
    pub fn push_event(
        &mut self,
        name: &str,
        at: u64,
        attributes: &[KeyValue],
        already_dropped: u32,
        limits: &Limits,
    ) {
        if self.events.has_room(limits.events) {
            let max = limits.part(limits.attributes_per_event);
            let mut event = part(3, attributes, already_dropped, max);
            event.fixed64(1, at);
            event.text(2, cut(name, limits.name_bytes));
            self.attributes.message.message(EVENTS, &event);
        }
    }

    /// A link, some of whose attributes were dropped already.
    #[inline(never)]
    pub fn push_link(
        &mut self,
        to: &SpanContext,
        attributes: &[KeyValue],
        already_dropped: u32,
        limits: &Limits,
    ) {
        if self.links.has_room(limits.links) {
            let max = limits.part(limits.attributes_per_link);
            let mut link = part(4, attributes, already_dropped, max);
            link.context(to);
            link.fixed32(6, flags(to, to.is_remote()));
            self.attributes.message.message(LINKS, &link);
        }
    }

    /// `Ok` is final, and nothing goes back to `Unset` (specification, Set Status). An error that says nothing does not take
    /// the place of one that does.
    pub fn set_status(&mut self, status: Status) {
        let says_more = match &status {
            Status::Unset => false,
            Status::Error { description } if description.is_empty() => {
                matches!(self.status, Status::Unset)
            }
            _ => !matches!(self.status, Status::Ok),
        };
        if says_more {
            self.status = status;
        }
    }

    /// Completes the message at `end` (nanoseconds since 1970), which is not before the start. What differs from span to
    /// span comes last: what they share is then one stretch, which compresses better.
    pub fn complete(&mut self, own: &SpanContext, end: u64, limits: &Limits) -> Message {
        self.attributes.write_dropped(0);
        let span = &mut self.attributes.message;
        span.uint(EVENTS + 1, self.events.dropped.into());
        span.uint(LINKS + 1, self.links.dropped.into());
        span.text(5, cut(&self.name, limits.name_bytes));
        span.uint(6, self.kind.into());
        if !matches!(self.status, Status::Unset) {
            let status = span.begin(15);
            match &self.status {
                Status::Error { description } => {
                    span.text(2, cut(description, limits.attributes.value_bytes));
                    span.uint(3, 2);
                }
                _ => span.uint(3, 1),
            }
            span.end(status);
        }
        let state = w3c::tracestate(own);
        span.text(3, &state);
        if self.parent != SpanId::INVALID {
            span.span_id(4, self.parent);
        }
        let mut span = std::mem::take(span);
        let fields = self.ids_and_times(own, end.max(self.start));
        let fields = fields.as_flattened().get(..IDS_AND_TIMES);
        span.append(fields.unwrap_or_default());
        span
    }

    /// The fields that every span has, all of fixed lengths: `flags`, `trace_id`, `span_id`, `start_time_unix_nano` and
    /// `end_time_unix_nano`. In words that the times run across, because one call for each field takes longer than all else
    /// that is done at a span's end.
    fn ids_and_times(&self, own: &SpanContext, end: u64) -> [[u8; 8]; 7] {
        let start = self.start;
        let [high, low] = words(own.trace_id());
        let id = word_of(own.span_id());
        let word = u64::to_le_bytes;
        [
            word(0x100a_0000_0000_0185 | u64::from(self.flags) << 16),
            word(high),
            word(low),
            word(0x0812 | id << 16),
            word(id >> 48 | 0x39 << 16 | start << 24),
            word(start >> 40 | 0x41 << 24 | end << 32),
            word(end >> 32),
        ]
    }
}

/// How many bytes of those are the fields'.
const IDS_AND_TIMES: usize = 52;

// === impl Limits ===

impl Limits {
    fn part(&self, count: usize) -> Max {
        Max {
            count,
            ..self.attributes
        }
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
fn part(field: u8, attributes: &[KeyValue], already_dropped: u32, max: Max) -> Message {
    let mut part = Attributes::of_field(field, USUAL_PART_BYTES);
    part.set_all(attributes, max);
    part.write_dropped(already_dropped);
    part.message
}

/// The flags of a message: those of W3C, and where the parent (or the linked span) is from.
fn flags(context: &SpanContext, is_remote: bool) -> u32 {
    /// `SPAN_FLAGS_CONTEXT_HAS_IS_REMOTE_MASK` and `SPAN_FLAGS_CONTEXT_IS_REMOTE_MASK`.
    const HAS_IS_REMOTE: u32 = 0x100;
    const IS_REMOTE: u32 = 0x200;
    let remote = if is_remote { IS_REMOTE } else { 0 };
    u32::from(context.trace_flags().to_u8()) | HAS_IS_REMOTE | remote
}

/// The message's number for a kind.
pub fn kind(kind: &SpanKind) -> u8 {
    match kind {
        SpanKind::Internal => 1,
        SpanKind::Server => 2,
        SpanKind::Client => 3,
        SpanKind::Producer => 4,
        SpanKind::Consumer => 5,
    }
}
