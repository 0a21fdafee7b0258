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
    net::IpAddr,
    time::{Duration, Instant},
};

pub(crate) use crate::limit::TooMany;
use crate::limit::{Buckets, Rate, level, make_room, network};

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

/// Counts tries to sign in.
#[derive(Debug)]
pub(crate) struct Limiter(Buckets);

// === impl Limiter ===

impl Limiter {
    pub(crate) fn new() -> Limiter {
        Limiter(Buckets::new())
    }

    /// Takes one try from each bucket, or none.
    pub(crate) fn try_once(
        &self,
        account: &str,
        address: IpAddr,
        now: Instant,
    ) -> Result<(), TooMany> {
        let [pair, by_address, by_account] = self.keys(account, address);
        let mut full_at = self.0.lock();
        let [pair_at, address_at, account_at] =
            [pair, by_address, by_account].map(|key| level(&full_at, key, now));

        PAIR.check(pair_at, now)?;
        ADDRESS.check(address_at, now)?;
        let attacked = ACCOUNT.check(account_at, now).is_err();
        if attacked && pair_at > now {
            return Err(TooMany(pair_at - now));
        }

        let taken = [
            (pair, pair_at + PAIR.refill),
            (by_address, address_at + ADDRESS.refill),
            (by_account, account_at + ACCOUNT.refill),
        ];
        let full = now + ACCOUNT.refill * ACCOUNT.burst;
        full_at.extend(taken.map(|(key, at)| (key, at.min(full))));
        make_room(&mut full_at, now);
        Ok(())
    }

    /// A right password, after [`try_once`](Self::try_once) allowed it.
    pub(crate) fn succeeded(&self, account: &str, address: IpAddr) {
        let [pair, by_address, by_account] = self.keys(account, address);
        let mut full_at = self.0.lock();
        full_at.remove(&pair);
        for (key, rate) in [(by_address, ADDRESS), (by_account, ACCOUNT)] {
            full_at.entry(key).and_modify(|at| *at -= rate.refill);
        }
    }

    fn keys(&self, account: &str, address: IpAddr) -> [u64; 3] {
        let address = network(address);
        [
            self.0.key(("pair", account, address)),
            self.0.key(("address", address)),
            self.0.key(("account", account)),
        ]
    }
}

#[cfg(test)]
mod tests;
