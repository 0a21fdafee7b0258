use std::net::Ipv6Addr;

use super::*;
use crate::limit::MAX_BUCKETS;

const ALICE: &str = "alice@example.com";

fn address(n: u16) -> IpAddr {
    let [high, low] = n.to_be_bytes();
    IpAddr::from([10, 0, high, low])
}

#[test]
fn the_eleventh_try_from_one_place_waits_for_half_a_minute() {
    let (limiter, now) = (Limiter::new(), Instant::now());
    for _ in 0..10 {
        limiter.try_once(ALICE, address(1), now).unwrap();
    }
    let wait = Duration::from_secs(30);
    assert_eq!(limiter.try_once(ALICE, address(1), now), Err(TooMany(wait)));
    assert_eq!(limiter.try_once(ALICE, address(1), now + wait), Ok(()));
}

#[test]
fn a_refused_try_does_not_make_the_wait_longer() {
    let (limiter, now) = (Limiter::new(), Instant::now());
    for _ in 0..50 {
        let _ = limiter.try_once(ALICE, address(1), now);
    }
    assert_eq!(
        limiter.try_once(ALICE, address(1), now),
        Err(TooMany(Duration::from_secs(30)))
    );
}

#[test]
fn a_right_password_gives_the_tries_back() {
    let (limiter, now) = (Limiter::new(), Instant::now());
    for _ in 0..500 {
        limiter.try_once(ALICE, address(1), now).unwrap();
        limiter.succeeded(ALICE, address(1));
    }
}

#[test]
fn one_place_cannot_try_many_accounts() {
    let (limiter, now) = (Limiter::new(), Instant::now());
    let tries = (0..200).map(|n| limiter.try_once(&format!("{n}@example.com"), address(1), now));
    assert_eq!(tries.filter(Result::is_ok).count(), 100);
}

#[test]
fn an_account_under_attack_from_many_places_stays_open_to_its_owner() {
    let (limiter, now) = (Limiter::new(), Instant::now());
    for n in 0..1000 {
        let _ = limiter.try_once(ALICE, address(n), now);
    }
    let owner = address(2000);
    assert_eq!(limiter.try_once(ALICE, owner, now), Ok(()));
    // Each place has its tries one at a time now.
    assert!(limiter.try_once(ALICE, owner, now).is_err());
    assert!(
        limiter
            .try_once(ALICE, owner, now + Duration::from_secs(30))
            .is_ok()
    );
}

#[test]
fn addresses_of_one_ipv6_network_count_as_one() {
    let (limiter, now) = (Limiter::new(), Instant::now());
    let tries = (0..50_u16).map(|n| {
        let address = Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, n);
        limiter.try_once(ALICE, address.into(), now)
    });
    assert_eq!(tries.filter(Result::is_ok).count(), 10);
}

#[test]
fn memory_is_bounded() {
    let (limiter, now) = (Limiter::new(), Instant::now());
    for n in 0..u16::MAX {
        let _ = limiter.try_once(&format!("{n}@example.com"), address(n), now);
    }
    assert!(limiter.0.lock().len() <= MAX_BUCKETS);
}
