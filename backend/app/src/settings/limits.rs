//! How much one client may ask for.

use std::{num::NonZeroU32, time::Duration};

use super::SettingsError;

/// Limits of the API. [`Settings::from_vars`](super::Settings::from_vars) tells their variables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How long a request may take, its body included. Longer: it is cut off, and answered with 503.
    pub request_timeout: Duration,
    /// The largest request body, but for uploads, in bytes. Larger: 413.
    pub max_body_bytes: usize,
    /// Documents that an account may upload in a minute. More, here and below: 429 with `Retry-After`.
    pub uploads_per_minute: NonZeroU32,
    /// Searches of an account.
    pub searches_per_minute: NonZeroU32,
    /// Renewals of a session.
    pub refreshes_per_minute: NonZeroU32,
    /// Users that an administrator may add.
    pub new_users_per_minute: NonZeroU32,
}

// === impl Limits ===

impl Default for Limits {
    fn default() -> Limits {
        const fn per_minute(count: u32) -> NonZeroU32 {
            NonZeroU32::new(count).unwrap()
        }
        Limits {
            request_timeout: Duration::from_secs(30),
            max_body_bytes: 16 * 1024,
            uploads_per_minute: const { per_minute(30) },
            searches_per_minute: const { per_minute(120) },
            refreshes_per_minute: const { per_minute(30) },
            new_users_per_minute: const { per_minute(30) },
        }
    }
}

impl Limits {
    pub(super) fn from_vars(
        set: &impl Fn(&'static str) -> Option<String>,
    ) -> Result<Limits, SettingsError> {
        let number = |name| {
            let number = |value: String| {
                let parsed = value.parse::<NonZeroU32>();
                parsed.map_err(|_| SettingsError::new(name, value, "is no number from 1 on"))
            };
            set(name).map(number).transpose()
        };
        let default = Limits::default();
        let or = |name, default: NonZeroU32| Ok(number(name)?.unwrap_or(default));
        let seconds = number("REQUEST_TIMEOUT_SECONDS")?;
        let bytes = number("MAX_BODY_BYTES")?;
        Ok(Limits {
            request_timeout: seconds.map_or(default.request_timeout, |it| {
                Duration::from_secs(it.get().into())
            }),
            max_body_bytes: bytes.map_or(default.max_body_bytes, |it| it.get() as usize),
            uploads_per_minute: or("UPLOADS_PER_MINUTE", default.uploads_per_minute)?,
            searches_per_minute: or("SEARCHES_PER_MINUTE", default.searches_per_minute)?,
            refreshes_per_minute: or("REFRESHES_PER_MINUTE", default.refreshes_per_minute)?,
            new_users_per_minute: or("NEW_USERS_PER_MINUTE", default.new_users_per_minute)?,
        })
    }
}
