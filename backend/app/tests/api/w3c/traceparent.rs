//! `TraceContextTest`, the cases of `traceparent`.

use super::{Harness, SPAN, TRACE};

const SAMPLED: &str = "00-12345678901234567890123456789012-1234567890123456-01";

/// Whether each of the headers is taken for a caller's span.
async fn continued(parents: &[&str]) -> Vec<bool> {
    let mut harness = Harness::start().await;
    let mut continued = Vec::new();
    for parent in parents {
        continued.push(harness.parent(parent).await.trace_id == TRACE);
    }
    continued
}

async fn none_is_continued(parents: &[&str]) {
    assert_eq!(continued(parents).await, vec![false; parents.len()]);
}

async fn all_are_continued(parents: &[&str]) {
    assert_eq!(continued(parents).await, vec![true; parents.len()]);
}

#[tokio::test]
async fn both_traceparent_and_tracestate_missing() {
    // That there is a valid one is checked on every answer.
    Harness::start().await.one(&[]).await;
}

#[tokio::test]
async fn traceparent_included_tracestate_missing() {
    let told = Harness::start().await.parent(SAMPLED).await;
    assert_eq!(told.trace_id, TRACE);
    assert_ne!(told.parent_id, SPAN);
}

#[tokio::test]
async fn traceparent_duplicated() {
    let other = "00-12345678901234567890123456789011-1234567890123456-01";
    let both = [("traceparent", other), ("traceparent", SAMPLED)];
    let told = Harness::start().await.one(&both).await;
    assert_ne!(told.trace_id, "12345678901234567890123456789011");
    assert_ne!(told.trace_id, TRACE);
}

#[tokio::test]
async fn traceparent_header_name() {
    let mut harness = Harness::start().await;
    for name in ["trace-parent", "trace.parent"] {
        assert_ne!(harness.one(&[(name, SAMPLED)]).await.trace_id, TRACE);
    }
}

#[tokio::test]
async fn traceparent_header_name_valid_casing() {
    let mut harness = Harness::start().await;
    for name in ["TraceParent", "TrAcEpArEnT", "TRACEPARENT"] {
        assert_eq!(harness.one(&[(name, SAMPLED)]).await.trace_id, TRACE);
    }
}

#[tokio::test]
async fn traceparent_version_0x00() {
    none_is_continued(&[
        "00-12345678901234567890123456789012-1234567890123456-01.",
        "00-12345678901234567890123456789012-1234567890123456-01-what-the-future-will-be-like",
    ])
    .await;
}

#[tokio::test]
async fn traceparent_version_0xcc() {
    all_are_continued(&[
        "cc-12345678901234567890123456789012-1234567890123456-01",
        "cc-12345678901234567890123456789012-1234567890123456-01-what-the-future-will-be-like",
    ])
    .await;
    none_is_continued(&[
        "cc-12345678901234567890123456789012-1234567890123456-01.what-the-future-will-be-like",
    ])
    .await;
}

#[tokio::test]
async fn traceparent_version_0xff() {
    none_is_continued(&["ff-12345678901234567890123456789012-1234567890123456-01"]).await;
}

#[tokio::test]
async fn traceparent_version_illegal_characters() {
    none_is_continued(&[
        ".0-12345678901234567890123456789012-1234567890123456-01",
        "0.-12345678901234567890123456789012-1234567890123456-01",
    ])
    .await;
}

#[tokio::test]
async fn traceparent_version_too_long() {
    none_is_continued(&[
        "000-12345678901234567890123456789012-1234567890123456-01",
        "0000-12345678901234567890123456789012-1234567890123456-01",
    ])
    .await;
}

#[tokio::test]
async fn traceparent_version_too_short() {
    none_is_continued(&["0-12345678901234567890123456789012-1234567890123456-01"]).await;
}

#[tokio::test]
async fn traceparent_trace_id_all_zero() {
    // That the new one is not zero is checked on every answer.
    none_is_continued(&["00-00000000000000000000000000000000-1234567890123456-01"]).await;
}

#[tokio::test]
async fn traceparent_trace_id_illegal_characters() {
    let mut harness = Harness::start().await;
    for trace_id in [
        ".2345678901234567890123456789012",
        "1234567890123456789012345678901.",
    ] {
        let parent = format!("00-{trace_id}-{SPAN}-01");
        assert_ne!(harness.parent(&parent).await.trace_id, trace_id);
    }
}

#[tokio::test]
async fn traceparent_trace_id_too_long() {
    let mut harness = Harness::start().await;
    let parent = "00-123456789012345678901234567890123-1234567890123456-01";
    let told = harness.parent(parent).await;
    assert_ne!(told.trace_id, TRACE);
    assert_ne!(told.trace_id, "23456789012345678901234567890123");
}

#[tokio::test]
async fn traceparent_trace_id_too_short() {
    let mut harness = Harness::start().await;
    let parent = "00-1234567890123456789012345678901-1234567890123456-01";
    let told = harness.parent(parent).await;
    assert!(!told.trace_id.contains("1234567890123456789012345678901"));
}

#[tokio::test]
async fn traceparent_parent_id_all_zero() {
    none_is_continued(&["00-12345678901234567890123456789012-0000000000000000-01"]).await;
}

#[tokio::test]
async fn traceparent_parent_id_illegal_characters() {
    none_is_continued(&[
        "00-12345678901234567890123456789012-.234567890123456-01",
        "00-12345678901234567890123456789012-123456789012345.-01",
    ])
    .await;
}

#[tokio::test]
async fn traceparent_parent_id_too_long() {
    none_is_continued(&["00-12345678901234567890123456789012-12345678901234567-01"]).await;
}

#[tokio::test]
async fn traceparent_parent_id_too_short() {
    none_is_continued(&["00-12345678901234567890123456789012-123456789012345-01"]).await;
}

#[tokio::test]
async fn traceparent_trace_flags_illegal_characters() {
    none_is_continued(&[
        "00-12345678901234567890123456789012-1234567890123456-.0",
        "00-12345678901234567890123456789012-1234567890123456-0.",
    ])
    .await;
}

#[tokio::test]
async fn traceparent_trace_flags_too_long() {
    none_is_continued(&["00-12345678901234567890123456789012-1234567890123456-001"]).await;
}

#[tokio::test]
async fn traceparent_trace_flags_too_short() {
    none_is_continued(&["00-12345678901234567890123456789012-1234567890123456-1"]).await;
}

#[tokio::test]
async fn traceparent_ows_handling() {
    all_are_continued(&[
        " 00-12345678901234567890123456789012-1234567890123456-01",
        "\t00-12345678901234567890123456789012-1234567890123456-01",
        "00-12345678901234567890123456789012-1234567890123456-01 ",
        "00-12345678901234567890123456789012-1234567890123456-01\t",
        "\t 00-12345678901234567890123456789012-1234567890123456-01 \t",
    ])
    .await;
}
