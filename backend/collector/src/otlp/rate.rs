//! A token bucket for each client address, in bounded memory.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    time::{Duration, Instant},
};

use parking_lot::Mutex;

/// Addresses that are told apart at one time. Those beyond it share one bucket.
const MAX_CLIENTS: usize = 4096;

/// Clients that have no address of their own: it is not known, or there are too many.
const SHARED: Option<IpAddr> = None;

#[derive(Debug)]
pub(crate) struct RateLimit {
    burst: f64,
    per_second: f64,
    buckets: Mutex<HashMap<Option<IpAddr>, Bucket>>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    tokens: f64,
    at: Instant,
}

impl RateLimit {
    pub(crate) fn new(burst: u32, per_second: u32) -> Self {
        Self {
            burst: f64::from(burst.max(1)),
            per_second: f64::from(per_second.max(1)),
            buckets: Mutex::default(),
        }
    }

    /// Takes one request of `client`. The error is the time after which there is room for one.
    pub(crate) fn take(&self, client: Option<IpAddr>, now: Instant) -> Result<(), Duration> {
        let mut buckets = self.buckets.lock();
        let mut client = client.map(network);
        if buckets.len() >= MAX_CLIENTS && !buckets.contains_key(&client) {
            buckets.retain(|_, bucket| self.tokens(bucket, now) < self.burst);
            if buckets.len() >= MAX_CLIENTS {
                client = SHARED;
            }
        }
        let bucket = buckets.entry(client).or_insert(Bucket {
            tokens: self.burst,
            at: now,
        });
        let tokens = self.tokens(bucket, now);
        if tokens < 1.0 {
            return Err(Duration::from_secs_f64((1.0 - tokens) / self.per_second));
        }
        *bucket = Bucket {
            tokens: tokens - 1.0,
            at: now,
        };
        Ok(())
    }

    fn tokens(&self, bucket: &Bucket, now: Instant) -> f64 {
        let elapsed = now.saturating_duration_since(bucket.at).as_secs_f64();
        (bucket.tokens + elapsed * self.per_second).min(self.burst)
    }
}

/// One customer of a provider has a whole /64 of IPv6 addresses.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => {
            Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_has_its_burst_and_then_its_rate() {
        let limit = RateLimit::new(2, 10);
        let start = Instant::now();
        let client = Some(IpAddr::from([192, 0, 2, 1]));
        assert!(limit.take(client, start).is_ok());
        assert!(limit.take(client, start).is_ok());
        let wait = limit.take(client, start).unwrap_err();
        assert_eq!(wait, Duration::from_millis(100));
        assert!(
            limit
                .take(Some(IpAddr::from([192, 0, 2, 2])), start)
                .is_ok(),
            "another client"
        );
        assert!(limit.take(client, start + wait).is_ok());
    }

    #[test]
    fn a_flood_of_addresses_shares_one_bucket_and_bounded_memory() {
        let limit = RateLimit::new(1, 1);
        let now = Instant::now();
        let flood = (0..20_000).map(|n| Some(IpAddr::V4(n.into())));
        let taken = flood
            .filter(|client| limit.take(*client, now).is_ok())
            .count();
        assert_eq!(taken, MAX_CLIENTS + 1);
        assert!(limit.buckets.lock().len() <= MAX_CLIENTS + 1);
    }

    #[test]
    fn addresses_of_one_ipv6_network_are_one_client() {
        let limit = RateLimit::new(1, 1);
        let now = Instant::now();
        assert!(
            limit
                .take(Some("2001:db8::1".parse().unwrap()), now)
                .is_ok()
        );
        assert!(
            limit
                .take(Some("2001:db8::2".parse().unwrap()), now)
                .is_err()
        );
        assert!(
            limit
                .take(Some("2001:db8:0:1::1".parse().unwrap()), now)
                .is_ok()
        );
    }
}
