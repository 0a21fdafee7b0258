//! How often somebody may try to sign in.
//!
//! Three buckets of tries must allow each one. The pair of account and address is strict: it stops guessing from one
//! place. The address alone is loose: it stops one place from trying many accounts, and leaves room for an office behind
//! one address. The account alone never locks its owner out: once it is empty (guessing from many places), every address
//! gets its tries one at a time, so a right password still works from anywhere.
//!
//! A try counts before the password is checked, else a burst of tries at once would pass. A right password gives that
//! try back, and to the pair all of its tries.

use std::{
    collections::{HashMap, hash_map::RandomState},
    hash::{BuildHasher, Hash},
    net::{IpAddr, Ipv6Addr},
    time::{Duration, Instant},
};

use parking_lot::Mutex;

const PAIR: Rate = Rate {
    burst: 10,
    refill: Duration::from_secs(30),
};
const ADDRESS: Rate = Rate {
    burst: 100,
    refill: Duration::from_secs(3),
};
const ACCOUNT: Rate = Rate {
    burst: 100,
    refill: Duration::from_secs(36),
};

/// How many buckets are remembered: about a megabyte. Past it, those that are soonest full again are forgotten.
const MAX_BUCKETS: usize = 20_000;

#[derive(Clone, Copy, Debug)]
struct Rate {
    burst: u32,
    refill: Duration,
}

/// Counts tries to sign in.
#[derive(Debug)]
pub(crate) struct Limiter {
    /// Keys are hashed with a secret, so no bucket is larger than another and none can be aimed at.
    hasher: RandomState,
    /// A bucket is the moment at which it will be full (the generic cell rate algorithm); a full one is not kept.
    full_at: Mutex<HashMap<u64, Instant>>,
}

/// To be tried again after this time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooMany(pub(crate) Duration);

// === impl Limiter ===

impl Limiter {
    pub(crate) fn new() -> Limiter {
        Limiter {
            hasher: RandomState::new(),
            full_at: Mutex::new(HashMap::new()),
        }
    }

    /// Takes one try from each bucket, or none.
    pub(crate) fn try_once(
        &self,
        account: &str,
        address: IpAddr,
        now: Instant,
    ) -> Result<(), TooMany> {
        let [pair, by_address, by_account] = self.keys(account, address);
        let mut full_at = self.full_at.lock();
        let level = |key| full_at.get(&key).map_or(now, |at| (*at).max(now));

        PAIR.check(level(pair), now)?;
        ADDRESS.check(level(by_address), now)?;
        let attacked = ACCOUNT.check(level(by_account), now).is_err();
        if attacked && level(pair) > now {
            return Err(TooMany(level(pair) - now));
        }

        let taken = [
            (pair, level(pair) + PAIR.refill),
            (by_address, level(by_address) + ADDRESS.refill),
            (by_account, level(by_account) + ACCOUNT.refill),
        ];
        let full = now + ACCOUNT.refill * ACCOUNT.burst;
        full_at.extend(taken.map(|(key, at)| (key, at.min(full))));
        if full_at.len() > MAX_BUCKETS {
            forget(&mut full_at, now);
        }
        Ok(())
    }

    /// A right password, after [`try_once`](Self::try_once) allowed it.
    pub(crate) fn succeeded(&self, account: &str, address: IpAddr) {
        let [pair, by_address, by_account] = self.keys(account, address);
        let mut full_at = self.full_at.lock();
        full_at.remove(&pair);
        for (key, rate) in [(by_address, ADDRESS), (by_account, ACCOUNT)] {
            full_at.entry(key).and_modify(|at| *at -= rate.refill);
        }
    }

    fn keys(&self, account: &str, address: IpAddr) -> [u64; 3] {
        let address = network(address);
        [
            self.key(("pair", account, address)),
            self.key(("address", address)),
            self.key(("account", account)),
        ]
    }

    fn key(&self, what: impl Hash) -> u64 {
        self.hasher.hash_one(what)
    }
}

/// Makes room for a quarter of the buckets at once, so that a flood does not pay for it at each try.
fn forget(full_at: &mut HashMap<u64, Instant>, now: Instant) {
    full_at.retain(|_, at| *at > now);
    let excess = full_at.len().saturating_sub(MAX_BUCKETS * 3 / 4);
    if excess > 0 {
        let mut moments: Vec<Instant> = full_at.values().copied().collect();
        let (_, limit, _) = moments.select_nth_unstable(excess - 1);
        let limit = *limit;
        full_at.retain(|_, at| *at > limit);
    }
}

/// One home has a /64 of IPv6 addresses: they count as one.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => IpAddr::V4(v4),
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

// === impl Rate ===

impl Rate {
    /// Whether a bucket that is full at `full_at` has a try left at `now`.
    fn check(self, full_at: Instant, now: Instant) -> Result<(), TooMany> {
        let missing = full_at - now;
        let most = self.refill * (self.burst - 1);
        if missing > most {
            Err(TooMany(missing - most))
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests;
