//! Bytes → request, and the spans in it that can be kept.

use opentelemetry_proto::tonic::{
    collector::trace::v1::{
        ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
    },
    trace::v1::{ResourceSpans, Span, span::SpanKind},
};
use prost::Message;

use super::{Encoding, json, status::Refusal};
use crate::attributes::service_name;

/// Which spans a receiver keeps.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Policy<'a> {
    /// All that are valid.
    Any,
    /// Those of these services, and no SERVER spans: a browser serves nobody.
    Browser { services: &'a [String] },
}

/// What was taken out of a request, for its sender.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Rejected {
    invalid_ids: i64,
    other_service: i64,
    server_spans: i64,
}

/// Reads a body. An error says what is wrong with it.
pub(crate) fn request(
    encoding: Encoding,
    body: &[u8],
) -> Result<ExportTraceServiceRequest, Refusal> {
    match encoding {
        Encoding::Protobuf => ExportTraceServiceRequest::decode(body).map_err(|error| {
            Refusal::BadData(format!("not an ExportTraceServiceRequest: {error}"))
        }),
        Encoding::Json => {
            json::request(body).map_err(|error| Refusal::BadData(format!("not OTLP/JSON: {error}")))
        }
    }
}

/// Removes the spans that cannot be kept, and what is empty without them. Writes a parent id of zeros as the missing
/// parent that it stands for.
pub(crate) fn retain(request: &mut ExportTraceServiceRequest, policy: Policy<'_>) -> Rejected {
    let mut rejected = Rejected::default();
    request.resource_spans.retain_mut(|resource| {
        let foreign = match policy {
            Policy::Any => false,
            Policy::Browser { services } => !services
                .iter()
                .any(|service| service == service_name(resource.resource.as_ref())),
        };
        retain_spans(resource, &mut rejected, |span, rejected| {
            if !has_valid_ids(span) {
                rejected.invalid_ids += 1;
                false
            } else if foreign {
                rejected.other_service += 1;
                false
            } else if matches!(policy, Policy::Browser { .. })
                && span.kind == i32::from(SpanKind::Server)
            {
                rejected.server_spans += 1;
                false
            } else {
                true
            }
        });
        !resource.scope_spans.is_empty()
    });
    rejected
}

fn retain_spans(
    resource: &mut ResourceSpans,
    rejected: &mut Rejected,
    keep: impl Fn(&Span, &mut Rejected) -> bool,
) {
    for scope in &mut resource.scope_spans {
        scope.spans.retain_mut(|span| {
            if span.parent_span_id.iter().all(|byte| *byte == 0) && span.parent_span_id.len() == 8 {
                span.parent_span_id.clear();
            }
            keep(span, rejected)
        });
    }
    resource.scope_spans.retain(|scope| !scope.spans.is_empty());
}

fn has_valid_ids(span: &Span) -> bool {
    let valid = |id: &[u8], length| id.len() == length && id.iter().any(|byte| *byte != 0);
    valid(&span.trace_id, 16)
        && valid(&span.span_id, 8)
        && (span.parent_span_id.is_empty() || valid(&span.parent_span_id, 8))
}

// === impl Rejected ===

impl Rejected {
    fn total(&self) -> i64 {
        self.invalid_ids + self.other_service + self.server_spans
    }

    /// The answer to a request that was stored, but for these. On full success it is empty, as the specification says.
    pub(crate) fn response(&self) -> ExportTraceServiceResponse {
        let reasons = [
            (
                self.invalid_ids,
                "have an id that is zero or of a wrong length",
            ),
            (
                self.other_service,
                "have a service.name that browsers may not use here",
            ),
            (
                self.server_spans,
                "are SERVER spans, which browsers may not send",
            ),
        ];
        let reasons: Vec<_> = reasons
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, reason)| format!("{count} spans {reason}"))
            .collect();
        let partial_success = (!reasons.is_empty()).then(|| ExportTracePartialSuccess {
            rejected_spans: self.total(),
            error_message: reasons.join("; "),
        });
        ExportTraceServiceResponse { partial_success }
    }
}

/// Writes the answer in the encoding of its request.
pub(crate) fn encode_response(
    encoding: Encoding,
    response: &ExportTraceServiceResponse,
) -> Vec<u8> {
    match (encoding, &response.partial_success) {
        (Encoding::Protobuf, _) => response.encode_to_vec(),
        (Encoding::Json, None) => b"{}".to_vec(),
        (Encoding::Json, Some(partial)) => serde_json::json!({
            "partialSuccess": {
                "rejectedSpans": partial.rejected_spans.to_string(),
                "errorMessage": partial.error_message,
            }
        })
        .to_string()
        .into_bytes(),
    }
}
