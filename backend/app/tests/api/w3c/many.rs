//! `AdvancedTest` and `TraceContext2Test`: several calls of one request, and what level 2 adds.

use std::collections::BTreeSet;

use super::{Harness, SPAN, TRACE, Told};

fn different(calls: &[Told], id: impl Fn(&Told) -> &String) -> BTreeSet<&String> {
    calls.iter().map(id).collect()
}

#[tokio::test]
async fn multiple_requests_with_valid_traceparent() {
    let mut harness = Harness::start().await;
    let parent = "00-12345678901234567890123456789012-1234567890123456-01";
    let calls = harness.many(&[("traceparent", parent)], 3).await;
    assert!(calls.iter().all(|it| it.trace_id == TRACE));
    assert_eq!(different(&calls, |it| &it.parent_id).len(), 3);
}

#[tokio::test]
async fn multiple_requests_without_traceparent() {
    let mut harness = Harness::start().await;
    let calls = harness.many(&[], 3).await;
    assert_eq!(different(&calls, |it| &it.parent_id).len(), 3);
    assert_eq!(different(&calls, |it| &it.trace_id).len(), 1);
}

#[tokio::test]
async fn multiple_requests_with_illegal_traceparent() {
    let mut harness = Harness::start().await;
    let parent = "00-00000000000000000000000000000000-1234567890123456-01";
    let calls = harness.many(&[("traceparent", parent)], 3).await;
    assert_eq!(different(&calls, |it| &it.parent_id).len(), 3);
}

/// The flag of level 2.
const RANDOM: u8 = 0x02;

#[tokio::test]
async fn propagates_random_flag() {
    let mut harness = Harness::start().await;
    let told = harness
        .parent("00-12345678901234567890123456789012-1234567890123456-02")
        .await;
    assert_eq!(told.trace_id, TRACE);
    assert_ne!(told.parent_id, SPAN);
    assert_eq!(told.flags & RANDOM, RANDOM);
}

// Of the text of level 2, beyond the harness.

#[tokio::test]
async fn the_random_flag_is_not_set_on_a_trace_that_came_without() {
    let mut harness = Harness::start().await;
    for flags in ["00", "01", "03"] {
        let parent = format!("00-{TRACE}-{SPAN}-{flags}");
        let told = harness.parent(&parent).await;
        let came = u8::from_str_radix(flags, 16).unwrap();
        // Whether a trace that its caller does not record is recorded here is the sampler's to say.
        assert_eq!(told.flags & RANDOM, came & RANDOM);
    }
}

#[tokio::test]
async fn a_trace_that_begins_here_has_the_random_flag() {
    let mut harness = Harness::start().await;
    assert_eq!(harness.one(&[]).await.flags, 0x03);
    assert_eq!(harness.parent("invalid").await.flags, 0x03);
}

#[tokio::test]
async fn flags_that_are_not_known_are_not_passed_on() {
    let mut harness = Harness::start().await;
    let parent = format!("00-{TRACE}-{SPAN}-ff");
    assert_eq!(harness.parent(&parent).await.flags, 0x03);
}
