//! Failures as OTLP wants them: an HTTP status, and a `google.rpc.Status` body in the encoding of the request.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use prost::Message;
use serde_json::json;

use super::Encoding;

const BAD_REQUEST_TYPE: &str = "type.googleapis.com/google.rpc.BadRequest";

/// Why a request was refused. Each is one row of the specification's table of failures.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("{0}")]
    BadData(String),
    #[error("the body is larger than {limit} bytes after decompression")]
    TooLarge { limit: usize },
    #[error("the body did not arrive within {seconds} s")]
    TooSlow { seconds: u64 },
    #[error("use POST")]
    Method,
    #[error("{0}")]
    UnsupportedMedia(&'static str),
    #[error("send `Authorization: Bearer <key>`")]
    Unauthenticated,
    #[error("requests from another origin are not accepted here")]
    CrossOrigin,
    #[error("too many requests from this address")]
    RateLimited { retry_after_seconds: u64 },
    #[error("the collector has as much to store as it can hold; send it again")]
    Overloaded,
    #[error("the collector could not store the data; send it again")]
    NotStored,
}

/// `google.rpc.Status`
#[derive(Clone, PartialEq, Message)]
pub(crate) struct RpcStatus {
    #[prost(int32, tag = "1")]
    pub code: i32,
    #[prost(string, tag = "2")]
    pub message: String,
    #[prost(message, repeated, tag = "3")]
    pub details: Vec<Any>,
}

/// `google.protobuf.Any`
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Any {
    #[prost(string, tag = "1")]
    pub type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    pub value: Vec<u8>,
}

/// `google.rpc.BadRequest`
#[derive(Clone, PartialEq, Message)]
struct BadRequest {
    #[prost(message, repeated, tag = "1")]
    field_violations: Vec<FieldViolation>,
}

/// `google.rpc.BadRequest.FieldViolation`
#[derive(Clone, PartialEq, Message)]
struct FieldViolation {
    #[prost(string, tag = "1")]
    field: String,
    #[prost(string, tag = "2")]
    description: String,
}

// === impl Refusal ===

impl Refusal {
    /// The HTTP status and the gRPC code that goes with it.
    fn codes(&self) -> (StatusCode, i32) {
        const INVALID_ARGUMENT: i32 = 3;
        const DEADLINE_EXCEEDED: i32 = 4;
        const PERMISSION_DENIED: i32 = 7;
        const RESOURCE_EXHAUSTED: i32 = 8;
        const UNIMPLEMENTED: i32 = 12;
        const UNAVAILABLE: i32 = 14;
        const UNAUTHENTICATED: i32 = 16;
        match self {
            Self::BadData(_) => (StatusCode::BAD_REQUEST, INVALID_ARGUMENT),
            Self::TooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, RESOURCE_EXHAUSTED),
            Self::TooSlow { .. } => (StatusCode::REQUEST_TIMEOUT, DEADLINE_EXCEEDED),
            Self::Method => (StatusCode::METHOD_NOT_ALLOWED, UNIMPLEMENTED),
            Self::UnsupportedMedia(_) => (StatusCode::UNSUPPORTED_MEDIA_TYPE, INVALID_ARGUMENT),
            Self::Unauthenticated => (StatusCode::UNAUTHORIZED, UNAUTHENTICATED),
            Self::CrossOrigin => (StatusCode::FORBIDDEN, PERMISSION_DENIED),
            Self::RateLimited { .. } => (StatusCode::TOO_MANY_REQUESTS, RESOURCE_EXHAUSTED),
            Self::Overloaded | Self::NotStored => (StatusCode::SERVICE_UNAVAILABLE, UNAVAILABLE),
        }
    }

    fn retry_after_seconds(&self) -> Option<u64> {
        match self {
            Self::RateLimited {
                retry_after_seconds,
            } => Some(*retry_after_seconds),
            Self::Overloaded => Some(1),
            Self::NotStored => Some(5),
            _ => None,
        }
    }

    /// The answer. What names no encoding that is known gets JSON, which a person can read.
    pub(crate) fn into_response(self, encoding: Option<Encoding>) -> Response {
        let encoding = encoding.unwrap_or(Encoding::Json);
        let (status, code) = self.codes();
        let body = match encoding {
            Encoding::Protobuf => self.protobuf(code),
            Encoding::Json => self.json(code),
        };
        let mut response = (
            status,
            [(header::CONTENT_TYPE, encoding.content_type())],
            body,
        )
            .into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = self.retry_after_seconds() {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self == Self::Unauthenticated {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if self == Self::Method {
            headers.insert(header::ALLOW, HeaderValue::from_static("POST"));
        }
        response
    }

    fn protobuf(&self, code: i32) -> Vec<u8> {
        let message = self.to_string();
        let details = match self {
            Self::BadData(_) => {
                let violation = FieldViolation {
                    field: "body".to_owned(),
                    description: message.clone(),
                };
                let detail = BadRequest {
                    field_violations: vec![violation],
                };
                vec![Any {
                    type_url: BAD_REQUEST_TYPE.to_owned(),
                    value: detail.encode_to_vec(),
                }]
            }
            _ => Vec::new(),
        };
        RpcStatus {
            code,
            message,
            details,
        }
        .encode_to_vec()
    }

    fn json(&self, code: i32) -> Vec<u8> {
        let message = self.to_string();
        let mut status = json!({ "code": code, "message": message });
        if let (Self::BadData(_), Some(status)) = (self, status.as_object_mut()) {
            let violations = json!([{ "field": "body", "description": message }]);
            let detail = json!([{ "@type": BAD_REQUEST_TYPE, "fieldViolations": violations }]);
            status.insert("details".to_owned(), detail);
        }
        status.to_string().into_bytes()
    }
}
