//! Logs: what `tracing` events become, and which of them.

mod fields;
mod filter;
mod json;

pub(crate) use self::{
    filter::{log_filter, span_filter},
    json::JsonLines,
};
