//! OTLP/JSON, read tolerantly and written exactly.
//!
//! The `with-serde` feature of `opentelemetry-proto` 0.33 refuses or loses what the specification allows (`{}` as a
//! request, an empty `AnyValue`, `null`, `"NaN"`), and one such value costs a whole batch. Here each message is a table
//! of its fields, read straight into the prost types.

mod lenient;
mod read;
mod write;

pub(crate) use read::request;
pub(crate) use write::traces;

#[cfg(test)]
mod tests;
