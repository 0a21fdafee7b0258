//! OTLP/HTTP.

use super::{
    super::Ended,
    status::{RpcStatus, rejected},
    transport::Answer,
};
use crate::settings::Compression;
use ::http::{HeaderMap, HeaderValue, header};
use prost::Message;
use std::time::{Duration, SystemTime};

const PROTOBUF: HeaderValue = HeaderValue::from_static("application/x-protobuf");

pub(super) fn headers(headers: &mut HeaderMap, compression: Compression) {
    headers.insert(header::CONTENT_TYPE, PROTOBUF);
    if compression == Compression::Gzip {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
}

/// What an answer means: <https://opentelemetry.io/docs/specs/otlp/#otlphttp-response>.
pub(super) fn ended(answer: &Answer) -> Ended {
    let status = answer.status.as_u16();
    match status {
        200..=299 => {
            let (rejected, message) = rejected(&answer.body);
            Ended::exported(rejected, message)
        }
        429 | 502 | 503 | 504 => Ended::retry(retry_after(&answer.headers), told(answer)),
        _ => Ended::refused(told(answer)),
    }
}

/// The status, and what the receiver says of it if it says so in protobuf.
fn told(answer: &Answer) -> String {
    let status = format!("status {}", answer.status.as_u16());
    if answer.headers.get(header::CONTENT_TYPE) != Some(&PROTOBUF) {
        return status;
    }
    match RpcStatus::decode(answer.body.as_ref()) {
        Ok(told) if !told.message.is_empty() => format!("{status}: {}", told.message),
        _ => status,
    }
}

/// Seconds or a date (RFC 9110, section 10.2.3).
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    date.duration_since(SystemTime::now()).ok()
}
