//! What receivers say of a request, in protobuf.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message;
use std::time::Duration;

/// `google.rpc.Status`, as much of it as matters here.
#[derive(Clone, PartialEq, Message)]
pub(super) struct RpcStatus {
    #[prost(string, tag = "2")]
    pub(super) message: String,
    #[prost(message, repeated, tag = "3")]
    pub(super) details: Vec<Any>,
}

/// `google.protobuf.Any`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Any {
    #[prost(string, tag = "1")]
    pub(super) type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    pub(super) value: Vec<u8>,
}

/// `google.rpc.RetryInfo`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct RetryInfo {
    #[prost(message, tag = "1")]
    pub(super) retry_delay: Option<Delay>,
}

/// `google.protobuf.Duration`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Delay {
    #[prost(int64, tag = "1")]
    pub(super) seconds: i64,
    #[prost(int32, tag = "2")]
    pub(super) nanos: i32,
}

// === impl RpcStatus ===

impl RpcStatus {
    /// When to try again. `None` without a [`RetryInfo`].
    pub(super) fn retry_delay(&self) -> Option<Duration> {
        let mut details = self.details.iter();
        let info = details.find(|it| it.type_url.ends_with("/google.rpc.RetryInfo"))?;
        let delay = RetryInfo::decode(info.value.as_slice()).ok()?.retry_delay;
        let Delay { seconds, nanos } = delay.unwrap_or_default();
        let seconds = Duration::from_secs(seconds.try_into().unwrap_or(0));
        Some(seconds + Duration::from_nanos(nanos.try_into().unwrap_or(0)))
    }
}

/// A partial success: how many items the receiver rejects, and why. What cannot be read says nothing.
///
/// The three signals' responses differ in the names of their fields only.
pub(super) fn rejected(response: &[u8]) -> (u64, String) {
    let response = ExportTraceServiceResponse::decode(response).unwrap_or_default();
    let partial = response.partial_success.unwrap_or_default();
    let rejected = partial.rejected_spans.try_into().unwrap_or(0);
    (rejected, partial.error_message)
}
