//! How long to wait before a batch is tried again.

use std::time::Duration;

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
        let exponent = i32::try_from(attempt.saturating_sub(1)).unwrap_or(i32::MAX);
        let stray = 1.0 + self.jitter * (2.0 * random - 1.0);
        let pause = self.initial_backoff.as_secs_f32() * self.multiplier.powi(exponent);
        let pause = pause.min(self.max_backoff.as_secs_f32()) * stray;
        Duration::try_from_secs_f32(pause)
            .unwrap_or(self.max_backoff)
            .min(self.max_backoff)
    }

    /// The pause where the receiver may have asked for one of its own (`Retry-After`).
    ///
    /// Never shorter than the backoff: `Retry-After: 0` from a server in trouble is no licence to hammer it.
    pub(super) fn pause(&self, attempt: u32, after: Option<Duration>, random: f32) -> Duration {
        let asked = after.unwrap_or_default().min(self.max_retry_after);
        self.backoff(attempt, random).max(asked)
    }
}
