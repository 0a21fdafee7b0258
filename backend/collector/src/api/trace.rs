//! `GET /telemetry/api/traces/{trace_id}`: one trace as OTLP/JSON.

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use http::{HeaderName, HeaderValue, header};

use super::Problem;
use crate::{hex, otlp::json, store::Store};

/// Bytes of spans in one answer. A larger trace is cut, and says so.
const MAX_TRACE_BYTES: usize = 128 << 20;

/// On an answer from which spans were left out because the trace is too large.
const TRUNCATED: HeaderName = HeaderName::from_static("throughline-truncated");

pub(super) async fn read(
    State(store): State<Store>,
    Path(trace_id): Path<String>,
) -> Result<Response, Problem> {
    let trace_id = parse(&trace_id)
        .ok_or_else(|| Problem::bad_request("a trace id has 32 hexadecimal digits"))?;
    let trace = store
        .trace(trace_id, MAX_TRACE_BYTES)
        .await
        .map_err(|error| Problem::internal(&error))?
        .ok_or_else(|| Problem::not_found("no span of this trace is here (yet, or any more)"))?;
    let is_truncated = trace.is_truncated;
    let body = tokio::task::spawn_blocking(move || json::traces(&trace.resource_spans))
        .await
        .map_err(|error| Problem::internal(&error))?
        .map_err(|error| Problem::internal(&error))?;
    let mut response = ([(header::CONTENT_TYPE, "application/json")], body).into_response();
    if is_truncated {
        response
            .headers_mut()
            .insert(TRUNCATED, HeaderValue::from_static("true"));
    }
    Ok(response)
}

fn parse(trace_id: &str) -> Option<[u8; 16]> {
    hex::decode(trace_id)?.try_into().ok()
}
