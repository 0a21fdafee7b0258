use std::time::Duration;

use super::*;

fn address(n: u8) -> IpAddr {
    IpAddr::from([10, 0, 0, n])
}

#[test]
fn an_account_has_its_requests_at_once_and_then_one_after_the_other() {
    let (requests, now) = (Requests::new(Limits::default()), Instant::now());
    let most = Limits::default().uploads_per_minute.get();
    let upload = |now| requests.try_once(What::Upload, "alice", address(1), now);
    for _ in 0..most {
        upload(now).unwrap();
    }
    let wait = Duration::from_secs(60) / most;
    assert_eq!(upload(now), Err(TooMany(wait)));
    assert_eq!(upload(now + wait), Ok(()));
    assert!(upload(now + wait).is_err());
}

#[test]
fn what_one_does_too_often_leaves_the_rest_and_the_others_alone() {
    let (requests, now) = (Requests::new(Limits::default()), Instant::now());
    while requests
        .try_once(What::Upload, "alice", address(1), now)
        .is_ok()
    {}
    for (what, who) in [(What::Search, "alice"), (What::Upload, "bob")] {
        assert_eq!(requests.try_once(what, who, address(1), now), Ok(()));
    }
}

#[test]
fn one_place_cannot_be_many_accounts_without_end() {
    let (requests, now) = (Requests::new(Limits::default()), Instant::now());
    let tries =
        (0..2000).map(|n| requests.try_once(What::Refresh, &n.to_string(), address(1), now));
    let allowed = tries.filter(Result::is_ok).count();
    let per_account = Limits::default().refreshes_per_minute.get();
    assert_eq!(allowed, (per_account * ADDRESS_FACTOR.get()) as usize);
    assert_eq!(
        requests.try_once(What::Refresh, "0", address(2), now),
        Ok(())
    );
}
