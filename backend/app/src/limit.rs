//! How often somebody may ask for what is expensive. Signing in has rules of its own, in `auth/limit`.

mod buckets;

use std::{
    net::IpAddr,
    num::NonZeroU32,
    time::{Duration, Instant},
};

use axum::{
    Extension,
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use throughline_instrument::ErrorType;
use tokio::time::timeout;
use tracing::warn;

#[cfg(test)]
pub(crate) use self::buckets::MAX_BUCKETS;
pub(crate) use self::buckets::{Buckets, Rate, TooMany, level, make_room, network};
use crate::{problem::Problem, settings::Limits};

/// How many times as much as one account one address may ask for: an office may be behind it.
const ADDRESS_FACTOR: NonZeroU32 = NonZeroU32::new(10).unwrap();

/// Gives a handler, and the body that it reads, so long. Then it is dropped, and with it what it waits for.
pub(crate) async fn time(State(most): State<Duration>, request: Request, next: Next) -> Response {
    match timeout(most, next.run(request)).await {
        Ok(response) => response,
        Err(_) => (Extension(ErrorType("timeout")), Problem::timed_out()).into_response(),
    }
}

/// What is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum What {
    Upload,
    Search,
    Refresh,
    NewUser,
}

/// Counts the requests of each account, and of each address.
#[derive(Debug)]
pub(crate) struct Requests {
    limits: Limits,
    buckets: Buckets,
}

// === impl What ===

impl What {
    /// As logs have it.
    fn as_str(self) -> &'static str {
        match self {
            What::Upload => "upload",
            What::Search => "search",
            What::Refresh => "refresh",
            What::NewUser => "new_user",
        }
    }
}

// === impl Requests ===

impl Requests {
    pub(crate) fn new(limits: Limits) -> Requests {
        Requests {
            limits,
            buckets: Buckets::new(),
        }
    }

    /// Counts a request of `who`, or answers 429.
    pub(crate) fn allow(&self, what: What, who: &str, address: IpAddr) -> Result<(), Problem> {
        self.try_once(what, who, address, Instant::now())
            .map_err(|TooMany(wait)| {
                let wait_seconds = wait.as_secs();
                warn!(what = what.as_str(), wait_seconds, "too many requests");
                Problem::too_many_tries(wait)
            })
    }

    fn try_once(
        &self,
        what: What,
        who: &str,
        address: IpAddr,
        now: Instant,
    ) -> Result<(), TooMany> {
        let per_minute = self.per_minute(what);
        let address = network(address);
        let counted = [
            (
                self.buckets.key(("account", what, who)),
                Rate::per_minute(per_minute),
            ),
            (
                self.buckets.key(("address", what, address)),
                Rate::per_minute(per_minute.saturating_mul(ADDRESS_FACTOR)),
            ),
        ];
        self.buckets.take(&counted, now)
    }

    fn per_minute(&self, what: What) -> NonZeroU32 {
        match what {
            What::Upload => self.limits.uploads_per_minute,
            What::Search => self.limits.searches_per_minute,
            What::Refresh => self.limits.refreshes_per_minute,
            What::NewUser => self.limits.new_users_per_minute,
        }
    }
}

#[cfg(test)]
mod tests;
