//! The tracer provider: a span is written into the bytes that are exported as it is made.
//!
//! `opentelemetry_sdk`'s gathers a copy of everything, which is then encoded, and freed, at a multiple of the cost. Exporters
//! of the SDK's kind are given what is read from those bytes (`read`); samplers, the attributes before they are written (`start`).

mod any;
mod finish;
mod ids;
mod memory;
mod provider;
mod read;
mod span;
mod start;
#[cfg(test)]
mod tests;
mod tracer;

pub use self::finish::SpanMatch;
pub(crate) use self::{
    any::AnyTracer,
    finish::{Finish, shorter},
    provider::{SpanSettings, TracerProvider},
    read::span_data,
    span::{EncodedSpan, Scope},
    start::{Repeated, Start},
    tracer::Tracer,
};
