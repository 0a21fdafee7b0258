//! The OTLP/HTTP receiver (OTLP 1.11, `opentelemetry-proto/docs/specification.md`).

mod body;
pub(crate) mod browser;
pub(crate) mod decode;
pub(crate) mod http;
pub(crate) mod json;
mod rate;
mod status;

pub(crate) use body::{MemoryLease, PERMIT_BYTES};

/// How a request is encoded; its answer is encoded the same way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Protobuf,
    Json,
}

impl Encoding {
    pub(crate) const fn content_type(self) -> &'static str {
        match self {
            Self::Protobuf => "application/x-protobuf",
            Self::Json => "application/json",
        }
    }
}
