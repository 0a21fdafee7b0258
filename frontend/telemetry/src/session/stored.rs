//! A session as it is kept: the rules, without a clock and without storage.

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;

use std::time::Duration;

use throughline_core::hex;

use super::Session;

/// Bytes of a UUID in text.
const ID_BYTES: usize = 36;
/// Digits of a time: 56 bits of milliseconds.
const TIME_DIGITS: u32 = 14;
const TIME_BYTES: usize = TIME_DIGITS as usize;

/// A session. Times are milliseconds since 1970, by the clock that all tabs share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stored {
    /// A UUID.
    pub(super) id: String,
    pub(super) started: u64,
    /// When somebody last did something.
    pub(super) active: u64,
}

/// When a session is over, in milliseconds.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    max_duration: u64,
    idle: u64,
}

// === impl Limits ===

impl Limits {
    pub(super) fn of(session: Session) -> Self {
        Self {
            max_duration: millis(session.max_duration),
            idle: millis(session.idle),
        }
    }
}

// === impl Stored ===

impl Stored {
    pub(super) fn new(id: String, now: u64) -> Self {
        Self {
            id,
            started: now,
            active: now,
        }
    }

    /// `None` if this is not what [`write`](Self::write) has written.
    pub(super) fn read(text: &str) -> Option<Self> {
        let (id, times) = text.split_at_checked(ID_BYTES)?;
        let (started, active) = times.as_bytes().split_at_checked(TIME_BYTES)?;
        number(id.as_bytes())?;
        (active.len() == TIME_BYTES).then_some(())?;
        Some(Self {
            started: number(started)?,
            active: number(active)?,
            id: id.to_owned(),
        })
    }

    pub(super) fn write(&self) -> String {
        let mut text = self.id.clone();
        hex::push_number(&mut text, self.started, TIME_DIGITS);
        hex::push_number(&mut text, self.active, TIME_DIGITS);
        text
    }

    /// Whether it goes on with what is done now. A clock that was set moves both ways: what lies in the future by as much
    /// is over as well.
    pub(super) fn is_live(&self, now: u64, limits: Limits) -> bool {
        now.abs_diff(self.started) < limits.max_duration && now.abs_diff(self.active) < limits.idle
    }

    /// The last 56 bits of the UUID, which are random in version 4 (RFC 9562).
    pub(super) fn randomness(&self) -> u64 {
        number(self.id.as_bytes()).unwrap_or_default() & ((1 << 56) - 1)
    }
}

/// Hexadecimal digits, the last 16 of them, and hyphens.
#[inline(never)]
fn number(text: &[u8]) -> Option<u64> {
    let mut number = 0;
    for &byte in text {
        if byte != b'-' {
            number = number << 4 | u64::from(char::from(byte).to_digit(16)?);
        }
    }
    Some(number)
}

/// Without `as_millis`, which divides 128 bits.
fn millis(duration: Duration) -> u64 {
    let millis = duration.as_secs().saturating_mul(1000);
    millis.saturating_add(duration.subsec_millis().into())
}
