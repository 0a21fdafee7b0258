//! How long to wait before a batch is tried again.

use std::time::Duration;

use super::time::nanos;
use crate::limits;

/// Exponential backoff with jitter, as OTLP asks of its clients.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Retry {
    /// Attempts altogether, the first one included. 0 and 1 mean no retry.
    pub max_attempts: u32,
    /// The pause after the first failed attempt.
    pub initial_backoff: Duration,
    /// What each further pause is multiplied by.
    pub multiplier: f32,
    /// The longest pause of our own choice, jitter included.
    pub max_backoff: Duration,
    /// The longest `Retry-After` that is honoured.
    pub max_retry_after: Duration,
    /// How far a pause may stray from its length: 0.2 for ±20 %.
    pub jitter: f32,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            max_attempts: limits::MAX_EXPORT_ATTEMPTS,
            initial_backoff: limits::INITIAL_BACKOFF,
            multiplier: limits::BACKOFF_MULTIPLIER,
            max_backoff: limits::MAX_BACKOFF,
            max_retry_after: limits::MAX_RETRY_AFTER,
            jitter: limits::BACKOFF_JITTER,
        }
    }
}

impl Retry {
    /// The pause after attempt number `attempt` (from 1) failed. `random` is from 0 to 1.
    ///
    /// Settings that make no sense (a negative or infinite pause) give `max_backoff`, never a panic.
    pub fn backoff(&self, attempt: u32, random: f32) -> Duration {
        Duration::from_nanos(self.backoff_nanos(attempt, random))
    }

    /// The pause where the receiver may have asked for one of its own (`Retry-After`).
    ///
    /// Never shorter than the backoff: `Retry-After: 0` from a server in trouble is no licence to hammer it.
    pub(super) fn pause_nanos(&self, attempt: u32, after: Option<Duration>, random: f32) -> u64 {
        let asked = nanos(after.unwrap_or_default()).min(nanos(self.max_retry_after));
        self.backoff_nanos(attempt, random).max(asked)
    }

    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "what is cast is from 0 to the longest pause, and microseconds do not matter"
    )]
    fn backoff_nanos(&self, attempt: u32, random: f32) -> u64 {
        let max_nanos = nanos(self.max_backoff);
        let max = max_nanos as f64;
        let mut pause = nanos(self.initial_backoff) as f64;
        // A thousand times is enough for any growth worth the name.
        for _ in 1..attempt.min(1000) {
            pause *= f64::from(self.multiplier);
        }
        if pause > max {
            pause = max;
        }
        pause *= 1.0 + f64::from(self.jitter) * (2.0 * f64::from(random) - 1.0);
        // Not so if it is no number.
        if pause >= 0.0 && pause < max {
            pause as u64
        } else {
            max_nanos
        }
    }
}
