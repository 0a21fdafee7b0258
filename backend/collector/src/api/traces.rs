//! `GET /telemetry/api/traces`: the list of traces, newest first.

use std::time::Duration;

use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
};
use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::Problem;
use crate::{
    hex,
    store::{Cursor, Filter, Status, Store, TraceSummary},
};

const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 500;

/// The query of the list. What is empty is as if it were not there: a form sends its empty fields.
#[derive(Debug, Deserialize)]
pub(super) struct Parameters {
    service: Option<String>,
    name: Option<String>,
    status: Option<String>,
    min_duration_ms: Option<String>,
    since: Option<String>,
    limit: Option<String>,
    cursor: Option<String>,
}

/// A page of the list. 64-bit integers are text: JavaScript's numbers end at 2⁵³.
#[derive(Debug, Serialize)]
pub(super) struct List {
    traces: Vec<Item>,
    next: Option<String>,
}

#[derive(Debug, Serialize)]
struct Item {
    trace_id: String,
    root_name: String,
    root_service: String,
    start_unix_nano: String,
    duration_nano: String,
    span_count: i64,
    error_count: i64,
    services: Vec<String>,
}

pub(super) async fn list(
    State(store): State<Store>,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Result<Json<List>, Problem> {
    let Query(parameters) = parameters.map_err(|error| Problem::bad_request(error.body_text()))?;
    let page = store
        .traces(parameters.filter()?)
        .await
        .map_err(|error| Problem::internal(&error))?;
    Ok(Json(List {
        traces: page.traces.into_iter().map(Item::from).collect(),
        next: page.next.map(write_cursor),
    }))
}

// === impl Parameters ===

impl Parameters {
    fn filter(self) -> Result<Filter, Problem> {
        let present = |value: Option<String>| value.filter(|value| !value.is_empty());
        let bad = Problem::bad_request;
        Ok(Filter {
            service: present(self.service),
            name: present(self.name),
            status: match present(self.status).as_deref() {
                None => None,
                Some("error") => Some(Status::Error),
                Some("ok") => Some(Status::Ok),
                Some(_) => return Err(bad("status is `error` or `ok`")),
            },
            min_duration_nanos: match present(self.min_duration_ms) {
                None => 0,
                Some(text) => milliseconds(&text)
                    .ok_or_else(|| bad("min_duration_ms is a number of milliseconds"))?,
            },
            since_nanos: match present(self.since) {
                None => i64::MIN,
                Some(text) => rfc3339(&text)
                    .ok_or_else(|| bad("since is a time like 2026-08-22T10:00:00Z (RFC 3339)"))?,
            },
            limit: match present(self.limit) {
                None => DEFAULT_LIMIT,
                Some(text) => text
                    .parse()
                    .ok()
                    .filter(|limit| (1..=MAX_LIMIT).contains(limit))
                    .ok_or_else(|| bad("limit is a number from 1 to 500"))?,
            },
            after: match present(self.cursor) {
                None => None,
                Some(text) => Some(
                    read_cursor(&text)
                        .ok_or_else(|| bad("cursor is not one that came from here"))?,
                ),
            },
        })
    }
}

fn milliseconds(text: &str) -> Option<i64> {
    let seconds = text.parse::<f64>().ok()? / 1000.0;
    let duration = Duration::try_from_secs_f64(seconds).ok()?;
    Some(i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX))
}

fn rfc3339(text: &str) -> Option<i64> {
    // A `+02:00` that was typed into an address arrives as ` 02:00`.
    let nanos = OffsetDateTime::parse(&text.replace(' ', "+"), &Rfc3339)
        .ok()?
        .unix_timestamp_nanos();
    // The year 1, other languages' "no time", is before all that 64 bits of nanoseconds can say.
    i64::try_from(nanos.clamp(i64::MIN.into(), i64::MAX.into())).ok()
}

fn write_cursor(
    Cursor {
        start_nanos,
        trace_id,
    }: Cursor,
) -> String {
    format!("{start_nanos}-{}", hex::encode(&trace_id))
}

fn read_cursor(text: &str) -> Option<Cursor> {
    let (start, trace_id) = text.rsplit_once('-')?;
    Some(Cursor {
        start_nanos: start.parse().ok()?,
        trace_id: hex::decode(trace_id)?.try_into().ok()?,
    })
}

impl From<TraceSummary> for Item {
    fn from(trace: TraceSummary) -> Self {
        Self {
            trace_id: hex::encode(&trace.trace_id),
            root_name: trace.root_name,
            root_service: trace.root_service,
            start_unix_nano: trace.start_nanos.to_string(),
            duration_nano: trace.duration_nanos.to_string(),
            span_count: trace.span_count,
            error_count: trace.error_count,
            services: trace.services,
        }
    }
}
