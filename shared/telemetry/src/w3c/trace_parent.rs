//! The value of `traceparent` (Trace Context, 3.2).

use std::fmt;

use opentelemetry::trace::{SpanContext, TraceState};
use opentelemetry::{SpanId, TraceFlags, TraceId};

use super::RANDOM;
use crate::{has, hex};

/// A valid `traceparent`: both ids are non-zero, and no flags but sampled and random are set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TraceParent {
    trace_id: TraceId,
    span_id: SpanId,
    flags: TraceFlags,
}

const VERSION: u8 = 0;
/// Characters of the form that is known.
const LENGTH: usize = 55;
/// Where its fields are divided.
const DASHES: [usize; 3] = [2, 35, 52];
/// What its digits say: a version, two ids, flags.
const BYTES: usize = 1 + 16 + 8 + 1;

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
        Self::parse_bytes(value.as_bytes())
    }

    pub(crate) fn parse_bytes(value: &[u8]) -> Option<Self> {
        let (known, rest) = trim(value).split_first_chunk::<LENGTH>()?;
        let mut bytes = [0_u8; BYTES];
        let mut digits = 0;
        for (at, character) in known.iter().enumerate() {
            if DASHES.contains(&at) {
                if *character != b'-' {
                    return None;
                }
                continue;
            }
            let byte = bytes.get_mut(digits / 2)?;
            *byte = *byte << 4 | hex::value(*character)?;
            digits += 1;
        }
        let (&[version], fields) = bytes.split_first_chunk()?;
        let (trace_id, fields) = fields.split_first_chunk()?;
        let (span_id, flags) = fields.split_first_chunk()?;
        let ends_well = match (version, rest) {
            (0xff, _) => false,
            (_, []) => true,
            // A comma joins two headers into one value: then it is not one `traceparent`.
            (_, [b'-', more @ ..]) => version != VERSION && !has(more, b','),
            _ => false,
        };
        if !ends_well {
            return None;
        }
        Self::new(
            TraceId::from_bytes(*trace_id),
            SpanId::from_bytes(*span_id),
            TraceFlags::new(*flags.first()?),
        )
    }

    /// The header's value, as version 00.
    pub fn header(&self) -> String {
        let mut header = String::with_capacity(LENGTH);
        hex::push(&mut header, &[VERSION]);
        header.push('-');
        hex::push(&mut header, &self.trace_id.to_bytes());
        header.push('-');
        hex::push(&mut header, &self.span_id.to_bytes());
        header.push('-');
        hex::push(&mut header, &[self.flags.to_u8()]);
        header
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
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.header())
    }
}

/// Without the spaces and tabs around it.
fn trim(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}
