//! The value of `traceparent` (Trace Context, 3.2).

use std::fmt;

use opentelemetry::trace::{SpanContext, TraceState};
use opentelemetry::{SpanId, TraceFlags, TraceId};

use super::RANDOM;

/// A valid `traceparent`: both ids are non-zero, and no flags but sampled and random are set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TraceParent {
    trace_id: TraceId,
    span_id: SpanId,
    flags: TraceFlags,
}

const VERSION: usize = 0;
const KNOWN_LENGTH: usize = 55;

impl TraceParent {
    /// `None` if an id is zero. Unknown flags are cleared, as the specification asks of a sender.
    pub fn new(trace_id: TraceId, span_id: SpanId, flags: TraceFlags) -> Option<Self> {
        let valid = trace_id != TraceId::INVALID && span_id != SpanId::INVALID;
        valid.then(|| Self {
            trace_id,
            span_id,
            flags: flags & (TraceFlags::SAMPLED | RANDOM),
        })
    }

    /// The span of a context, if it is valid.
    pub fn of(span: &SpanContext) -> Option<Self> {
        Self::new(span.trace_id(), span.span_id(), span.trace_flags())
    }

    /// Reads a header's value: `00-<32 hex>-<16 hex>-<2 hex>`, lower case, white space around it allowed.
    ///
    /// Of a version that is not known yet, the first 55 characters are read, if `-` or nothing follows.
    pub fn parse(value: &str) -> Option<Self> {
        let value = value.trim_matches([' ', '\t']);
        let (known, rest) = value.split_at_checked(KNOWN_LENGTH)?;
        let mut fields = known.split('-');
        let version = hex(fields.next()?, 2)?;
        let trace_id = TraceId::from(hex(fields.next()?, 32)?);
        let span_id = SpanId::from(u64::try_from(hex(fields.next()?, 16)?).ok()?);
        let flags = TraceFlags::new(u8::try_from(hex(fields.next()?, 2)?).ok()?);
        let ends_well = match version {
            0 => rest.is_empty(),
            0xff => false,
            // A comma joins two headers into one value: then it is not one `traceparent`.
            _ => rest.is_empty() || (rest.starts_with('-') && !rest.contains(',')),
        };
        if !ends_well || fields.next().is_some() {
            return None;
        }
        Self::new(trace_id, span_id, flags)
    }

    /// The trace.
    pub fn trace_id(&self) -> TraceId {
        self.trace_id
    }

    /// The span within it.
    pub fn span_id(&self) -> SpanId {
        self.span_id
    }

    /// Sampled, random, both or none.
    pub fn flags(&self) -> TraceFlags {
        self.flags
    }

    /// The same span with other flags.
    #[must_use]
    pub fn with_flags(self, flags: TraceFlags) -> Self {
        Self {
            flags: flags & (TraceFlags::SAMPLED | RANDOM),
            ..self
        }
    }

    /// The span as that of another process, to be the parent of one of ours.
    pub fn remote(&self, state: TraceState) -> SpanContext {
        SpanContext::new(self.trace_id, self.span_id, self.flags, true, state)
    }
}

impl fmt::Display for TraceParent {
    /// As version 00.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            trace_id,
            span_id,
            flags,
        } = self;
        write!(f, "{VERSION:02x}-{trace_id}-{span_id}-{flags:02x}")
    }
}

/// A field of exactly `length` digits. The standard library's parsers also take `+1` and `1F`.
fn hex(field: &str, length: usize) -> Option<u128> {
    let lower = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let valid = field.len() == length && field.bytes().all(lower);
    valid
        .then(|| u128::from_str_radix(field, 16).ok())
        .flatten()
}
