use super::*;

#[test]
fn a_lease_gives_its_bytes_back_when_it_is_dropped() {
    let lease = KeepaliveLease::take(MAX_BYTES).unwrap();
    assert!(KeepaliveLease::take(1).is_none());
    drop(lease);
    assert_eq!(available(), MAX_BYTES);
}

#[test]
fn there_are_nine_leases_however_small() {
    let leases: Vec<_> = (0..MAX_REQUESTS)
        .map(|_| KeepaliveLease::take(1).unwrap())
        .collect();
    assert_eq!(available(), 0);
    assert!(KeepaliveLease::take(1).is_none());
    drop(leases);
    assert_eq!(available(), MAX_BYTES);
}
