//! Buckets that fill again with time (the generic cell rate algorithm).

use std::{
    collections::{HashMap, hash_map::RandomState},
    hash::{BuildHasher, Hash},
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    time::{Duration, Instant},
};

use parking_lot::{Mutex, MutexGuard};

/// How many buckets are remembered: about a megabyte. Past it, those that are soonest full again are forgotten.
pub(crate) const MAX_BUCKETS: usize = 20_000;

/// How much a bucket holds, and how long it takes to get one back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rate {
    pub(crate) burst: u32,
    pub(crate) refill: Duration,
}

/// To be tried again after this time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooMany(pub(crate) Duration);

/// Any number of buckets, of which as many are remembered as there is room for.
#[derive(Debug)]
pub(crate) struct Buckets {
    /// Keys are hashed with a secret, so no bucket is larger than another and none can be aimed at.
    hasher: RandomState,
    /// A bucket is the moment at which it will be full; a full one is not kept.
    full_at: Mutex<Levels>,
}

/// When each bucket will be full.
pub(crate) type Levels = HashMap<u64, Instant>;

// === impl Buckets ===

impl Buckets {
    pub(crate) fn new() -> Buckets {
        Buckets {
            hasher: RandomState::new(),
            full_at: Mutex::new(HashMap::new()),
        }
    }

    /// The key of a bucket, by what it counts.
    pub(crate) fn key(&self, what: impl Hash) -> u64 {
        self.hasher.hash_one(what)
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Levels> {
        self.full_at.lock()
    }

    /// Takes one from each bucket, or none.
    pub(crate) fn take(&self, buckets: &[(u64, Rate)], now: Instant) -> Result<(), TooMany> {
        let mut full_at = self.lock();
        for (key, rate) in buckets {
            rate.check(level(&full_at, *key, now), now)?;
        }
        for (key, rate) in buckets {
            let at = level(&full_at, *key, now) + rate.refill;
            full_at.insert(*key, at);
        }
        make_room(&mut full_at, now);
        Ok(())
    }
}

/// When a bucket will be full.
pub(crate) fn level(full_at: &Levels, key: u64, now: Instant) -> Instant {
    full_at.get(&key).map_or(now, |at| (*at).max(now))
}

/// Makes room for a quarter of the buckets at once, so that a flood does not pay for it at each try.
pub(crate) fn make_room(full_at: &mut Levels, now: Instant) {
    if full_at.len() <= MAX_BUCKETS {
        return;
    }
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
pub(crate) fn network(address: IpAddr) -> IpAddr {
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
    /// So many a minute, which may come at once.
    pub(crate) fn per_minute(count: NonZeroU32) -> Rate {
        Rate {
            burst: count.get(),
            refill: Duration::from_secs(60) / count.get(),
        }
    }

    /// Whether a bucket that is full at `full_at` has a try left at `now`.
    pub(crate) fn check(self, full_at: Instant, now: Instant) -> Result<(), TooMany> {
        let missing = full_at - now;
        let most = self.refill * (self.burst - 1);
        if missing > most {
            Err(TooMany(missing - most))
        } else {
            Ok(())
        }
    }
}
