//! Logs: what `tracing` events become, and which of them.

mod correlation;
mod fields;
mod filter;
mod json;
mod otlp;

pub(crate) use self::{
    correlation::Correlation,
    filter::{LogFilter, span_filter},
    json::JsonLines,
    otlp::OtlpLogs,
};
