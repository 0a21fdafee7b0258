//! A request made ready for the disk: everything that takes time is done here, on the thread of its sender.

use std::sync::Arc;

use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    trace::v1::{Span, status::StatusCode},
};
use prost::Message;

use crate::{attributes::service_name, otlp::MemoryLease};

/// The fastest level: 3 times smaller in a tenth of the time of the higher ones.
const ZSTD_LEVEL: i32 = 1;

/// What a span takes in the tables beside its chunk, but for its texts: for the books of the retention (measured with
/// ids in no order, ten spans a trace).
const ROW_BYTES: usize = 110;

/// Characters of a name or service in a row; the chunk has them whole.
const MAX_NAME_CHARS: usize = 200;

/// No chunk inflates to more: twice what a receiver takes.
const MAX_CHUNK_BYTES: usize = 1 << 30;

/// How spans came here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Source {
    /// From a program, over a listener for programs or in the same process.
    Program,
    /// From anybody, over the application's port.
    Browser,
}

/// The spans of one request.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(super) source: Source,
    pub(super) chunk: Vec<u8>,
    pub(super) spans: Vec<SpanRow>,
    _memory: Option<MemoryLease>,
}

/// What the list of traces and the search for a trace need of a span.
#[derive(Debug, Clone)]
pub(super) struct SpanRow {
    pub(super) trace_id: [u8; 16],
    pub(super) span_id: [u8; 8],
    pub(super) parent_id: Option<[u8; 8]>,
    pub(super) start: i64,
    pub(super) end: i64,
    pub(super) error: bool,
    pub(super) service: Arc<str>,
    pub(super) name: String,
}

/// A chunk that cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ChunkError {
    #[error("zstd: {0}")]
    Compression(#[from] std::io::Error),
    #[error("protobuf: {0}")]
    Protobuf(#[from] prost::DecodeError),
}

// === impl Batch ===

impl Batch {
    /// The batch of a request whose spans have valid ids (others are left out); `None` when it holds no span.
    pub(crate) fn new(
        request: &ExportTraceServiceRequest,
        source: Source,
    ) -> Result<Option<Self>, ChunkError> {
        let mut spans = Vec::new();
        for resource in &request.resource_spans {
            let service: Arc<str> = clip(service_name(resource.resource.as_ref())).into();
            let all = resource.scope_spans.iter().flat_map(|scope| &scope.spans);
            spans.extend(all.filter_map(|span| SpanRow::new(span, &service)));
        }
        if spans.is_empty() {
            return Ok(None);
        }
        let chunk = zstd::bulk::compress(&request.encode_to_vec(), ZSTD_LEVEL)?;
        Ok(Some(Self {
            source,
            chunk,
            spans,
            _memory: None,
        }))
    }

    /// Holds a share of the memory budget until it is written.
    pub(crate) fn holding(self, lease: MemoryLease) -> Self {
        Self {
            _memory: Some(lease),
            ..self
        }
    }

    /// Bytes that it takes on disk, about.
    pub(super) fn size(&self) -> usize {
        let row = |span: &SpanRow| ROW_BYTES + span.name.len() + span.service.len();
        self.chunk.len() + self.spans.iter().map(row).sum::<usize>()
    }
}

/// Reads a chunk.
pub(super) fn read(chunk: &[u8]) -> Result<ExportTraceServiceRequest, ChunkError> {
    let length = zstd::zstd_safe::get_frame_content_size(chunk)
        .ok()
        .flatten();
    let length = length
        .and_then(|length| usize::try_from(length).ok())
        .unwrap_or(MAX_CHUNK_BYTES);
    let request = zstd::bulk::decompress(chunk, length.min(MAX_CHUNK_BYTES))?;
    Ok(ExportTraceServiceRequest::decode(request.as_slice())?)
}

// === impl SpanRow ===

impl SpanRow {
    fn new(span: &Span, service: &Arc<str>) -> Option<Self> {
        let start = nanos(span.start_time_unix_nano);
        Some(Self {
            trace_id: span.trace_id.as_slice().try_into().ok()?,
            span_id: span.span_id.as_slice().try_into().ok()?,
            parent_id: span.parent_span_id.as_slice().try_into().ok(),
            start,
            end: nanos(span.end_time_unix_nano).max(start),
            error: span
                .status
                .as_ref()
                .is_some_and(|status| status.code() == StatusCode::Error),
            service: Arc::clone(service),
            name: clip(&span.name).to_owned(),
        })
    }
}

// === impl Source ===

impl Source {
    pub(crate) const ALL: [Self; 2] = [Self::Program, Self::Browser];

    pub(super) const fn to_sql(self) -> i64 {
        match self {
            Self::Program => 0,
            Self::Browser => 1,
        }
    }

    pub(super) const fn from_sql(value: i64) -> Self {
        match value {
            0 => Self::Program,
            _ => Self::Browser,
        }
    }

    /// What is written on the resource of its spans.
    pub(super) const fn mark(self) -> Option<&'static str> {
        match self {
            Self::Program => None,
            Self::Browser => Some("browser"),
        }
    }
}

/// SQLite's integers are signed; after the year 2262 all is one moment.
fn nanos(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn clip(text: &str) -> &str {
    match text.char_indices().nth(MAX_NAME_CHARS) {
        Some((end, _)) => text.get(..end).unwrap_or_default(),
        None => text,
    }
}
