//! The bounds that both halves keep, by name. Each is a default: the settings of the crate that applies it can change it.

use std::time::Duration;

/// Spans that the pipeline holds at most, waiting or on their way (`OTEL_BSP_MAX_QUEUE_SIZE`).
pub const MAX_QUEUE_SIZE: usize = 2048;
/// Spans in one export at most (`OTEL_BSP_MAX_EXPORT_BATCH_SIZE`).
pub const MAX_EXPORT_BATCH_SIZE: usize = 512;
/// How long a span waits for others before it is exported (`OTEL_BSP_SCHEDULE_DELAY`).
pub const SCHEDULE_DELAY: Duration = Duration::from_millis(5000);
/// How long one export may take (`OTEL_BSP_EXPORT_TIMEOUT`).
pub const EXPORT_TIMEOUT: Duration = Duration::from_millis(30_000);

/// Attempts to export one batch, the first one included.
pub const MAX_EXPORT_ATTEMPTS: u32 = 5;
/// The pause after the first failed attempt.
pub const INITIAL_BACKOFF: Duration = Duration::from_secs(1);
/// What each further pause is multiplied by.
pub const BACKOFF_MULTIPLIER: f32 = 1.5;
/// The longest pause that the pipeline chooses by itself.
pub const MAX_BACKOFF: Duration = Duration::from_secs(30);
/// How far a pause may stray from its length, as a fraction of it.
pub const BACKOFF_JITTER: f32 = 0.2;
/// The longest `Retry-After` that is honoured. A server that asks for a day would else silence the client for a day.
pub const MAX_RETRY_AFTER: Duration = Duration::from_secs(300);

/// Attributes on a span, and on a log record (`OTEL_ATTRIBUTE_COUNT_LIMIT`).
pub const MAX_ATTRIBUTES: usize = 128;
/// Bytes of an attribute value. The specification sets no limit; ours keeps one value from filling a whole request.
pub const MAX_ATTRIBUTE_VALUE_BYTES: usize = 4096;
/// Events on a span (`OTEL_SPAN_EVENT_COUNT_LIMIT`).
pub const MAX_EVENTS: usize = 128;
/// Attributes on one event (`OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT`).
pub const MAX_ATTRIBUTES_PER_EVENT: usize = 128;
/// Links on a span (`OTEL_SPAN_LINK_COUNT_LIMIT`).
pub const MAX_LINKS: usize = 128;
/// Attributes on one link (`OTEL_LINK_ATTRIBUTE_COUNT_LIMIT`).
pub const MAX_ATTRIBUTES_PER_LINK: usize = 128;
/// Bytes of a span's name.
pub const MAX_NAME_BYTES: usize = 256;

/// Members of a `tracestate`, all headers together (Trace Context). One more discards it.
pub const MAX_TRACESTATE_MEMBERS: usize = 32;
/// Members of a `baggage`, all headers together (W3C Baggage, Limits). Those after it are skipped.
pub const MAX_BAGGAGE_MEMBERS: usize = 64;
/// Bytes of a `baggage`, all headers together (W3C Baggage, Limits). Members that do not fit are skipped.
pub const MAX_BAGGAGE_BYTES: usize = 8192;
