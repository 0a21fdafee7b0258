//! How an export ended.

use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use std::time::Duration;
use throughline_core::pipeline::{DropReason, Outcome};

/// Characters of a receiver's words that are passed on to the log.
const MAX_MESSAGE_CHARS: usize = 300;

/// How an export ended: for the pipeline, and in words for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) outcome: Outcome,
    /// Empty if there is nothing to say.
    pub(crate) message: String,
}

// === impl Ended ===

impl Ended {
    /// The receiver has it, but for `rejected` items.
    pub(crate) fn exported(rejected: u64, message: impl Into<String>) -> Self {
        Self::new(Outcome::Exported { rejected }, message.into())
    }

    /// It may work later, and not before the time that the receiver asks for.
    pub(crate) fn retry(after: Option<Duration>, message: impl Into<String>) -> Self {
        Self::new(Outcome::Retry { after }, message.into())
    }

    /// The receiver will never take it.
    pub(crate) fn refused(message: impl Into<String>) -> Self {
        Self::new(Outcome::Dropped(DropReason::Rejected), message.into())
    }

    /// There is no request that says it.
    pub(crate) fn unwritable(message: impl Into<String>) -> Self {
        Self::new(Outcome::Dropped(DropReason::Encoding), message.into())
    }

    fn new(outcome: Outcome, mut message: String) -> Self {
        if let Some((end, _)) = message.char_indices().nth(MAX_MESSAGE_CHARS) {
            message.truncate(end);
        }
        Self { outcome, message }
    }
}

impl From<OTelSdkResult> for Ended {
    fn from(result: OTelSdkResult) -> Self {
        match result {
            Ok(()) => Self::exported(0, ""),
            Err(error @ OTelSdkError::AlreadyShutdown) => {
                Self::new(Outcome::Dropped(DropReason::Shutdown), error.to_string())
            }
            // The SDK's error does not say whether another attempt may help: it is for people to read.
            Err(error @ (OTelSdkError::Timeout(_) | OTelSdkError::InternalFailure(_))) => {
                Self::retry(None, error.to_string())
            }
        }
    }
}
