//! OTLP/gRPC: one unary call (<https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md>).

use super::{
    super::Ended,
    status::{RpcStatus, rejected},
    transport::Answer,
};
use crate::settings::Compression;
use ::http::{HeaderMap, HeaderValue, header};
use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use percent_encoding::percent_decode;
use prost::Message;
use std::{num::TryFromIntError, time::Duration};

/// Before a message: whether it is compressed, and its length in four bytes.
const PREFIX_BYTES: usize = 5;

/// Binary metadata is padded by some and not by others.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

pub(super) fn headers(headers: &mut HeaderMap, compression: Compression, timeout: Duration) {
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/grpc"),
    );
    headers.insert(header::TE, HeaderValue::from_static("trailers"));
    if compression == Compression::Gzip {
        headers.insert("grpc-encoding", HeaderValue::from_static("gzip"));
    }
    // Eight digits at most.
    let milliseconds = timeout.as_millis().min(99_999_999);
    if let Ok(timeout) = HeaderValue::try_from(format!("{milliseconds}m")) {
        headers.insert("grpc-timeout", timeout);
    }
}

/// The message as the body of a call.
pub(super) fn frame(message: &[u8], compression: Compression) -> Result<Vec<u8>, TryFromIntError> {
    let length = u32::try_from(message.len())?;
    let mut body = Vec::with_capacity(PREFIX_BYTES + message.len());
    body.push(u8::from(compression == Compression::Gzip));
    body.extend_from_slice(&length.to_be_bytes());
    body.extend_from_slice(message);
    Ok(body)
}

/// What an answer means: <https://opentelemetry.io/docs/specs/otlp/#failures>.
pub(super) fn ended(answer: &Answer) -> Ended {
    // A call that fails at once has its status in the head.
    let status = [&answer.trailers, &answer.headers]
        .into_iter()
        .find_map(|headers| Some((headers, headers.get("grpc-status")?)));
    let Some((headers, code)) = status else {
        return without_status(answer);
    };
    let code = code.to_str().unwrap_or_default();
    let message = headers.get("grpc-message").map(HeaderValue::as_bytes);
    let message = percent_decode(message.unwrap_or_default()).decode_utf8_lossy();
    let told = format!("gRPC status {code}: {message}");
    match code {
        // OK.
        "0" => {
            let (rejected, message) = rejected(answer.body.get(PREFIX_BYTES..).unwrap_or_default());
            Ended::exported(rejected, message)
        }
        // CANCELLED, DEADLINE_EXCEEDED, ABORTED, OUT_OF_RANGE, UNAVAILABLE, DATA_LOSS.
        "1" | "4" | "10" | "11" | "14" | "15" => Ended::retry(retry_delay(headers), told),
        // RESOURCE_EXHAUSTED: only a receiver that can recover says when.
        "8" => match retry_delay(headers) {
            Some(delay) => Ended::retry(Some(delay), told),
            None => Ended::refused(told),
        },
        _ => Ended::refused(told),
    }
}

/// Something that is no gRPC server has answered, a proxy for example, or one that stopped in the middle.
fn without_status(answer: &Answer) -> Ended {
    let status = answer.status.as_u16();
    let told = format!("HTTP status {status}, and none of gRPC");
    match status {
        200..=299 | 429 | 502 | 503 | 504 => Ended::retry(None, told),
        _ => Ended::refused(told),
    }
}

fn retry_delay(headers: &HeaderMap) -> Option<Duration> {
    let details = headers.get("grpc-status-details-bin")?;
    let details = BASE64.decode(details.as_bytes()).ok()?;
    RpcStatus::decode(details.as_slice()).ok()?.retry_delay()
}
