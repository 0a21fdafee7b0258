//! What can be set, and the defaults of the OpenTelemetry specification.

use std::time::Duration;

use super::Retry;
use super::held::Limit;
use crate::limits;

/// The bounds and times of a [`Pipeline`](super::Pipeline). The default is that of the specification for spans.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Items held at most, waiting and on their way together; a further one is dropped.
    pub max_queue_size: usize,
    /// Items in one batch at most. 0 counts as 1.
    pub max_export_batch_size: usize,
    /// Bytes in one batch at most, by the measure given to
    /// [`Pipeline::new_sized`](super::Pipeline::new_sized). A larger item travels alone.
    pub max_batch_bytes: Option<usize>,
    /// How long an item waits at most for others to travel with.
    pub schedule_delay: Duration,
    /// How long one attempt may take.
    pub export_timeout: Duration,
    /// When a failed batch is tried again.
    pub retry: Retry,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_queue_size: limits::MAX_QUEUE_SIZE,
            max_export_batch_size: limits::MAX_EXPORT_BATCH_SIZE,
            max_batch_bytes: None,
            schedule_delay: limits::SCHEDULE_DELAY,
            export_timeout: limits::EXPORT_TIMEOUT,
            retry: Retry::default(),
        }
    }
}

impl Settings {
    pub(super) fn batch_limit(&self) -> Limit {
        Limit {
            items: self.max_export_batch_size.max(1),
            bytes: self.max_batch_bytes.unwrap_or(usize::MAX),
        }
    }
}
