//! `TraceContextTest`, the cases of `tracestate`.

use super::{Harness, VALID};

/// What is passed on of each list of headers.
async fn passed_on(lists: &[&[&str]]) -> Vec<String> {
    let mut harness = Harness::start().await;
    let mut passed_on = Vec::new();
    for list in lists {
        passed_on.push(harness.state(list).await.text());
    }
    passed_on
}

#[tokio::test]
async fn tracestate_included_traceparent_missing() {
    let mut harness = Harness::start().await;
    for state in ["foo=1", "foo=1,bar=2"] {
        let told = harness.one(&[("tracestate", state)]).await;
        assert_eq!(told.text(), "");
    }
}

#[tokio::test]
async fn tracestate_included_traceparent_included() {
    assert_eq!(passed_on(&[&["foo=1,bar=2"]]).await, ["foo=1,bar=2"]);
}

#[tokio::test]
async fn tracestate_header_name() {
    let mut harness = Harness::start().await;
    for name in ["trace-state", "trace.state"] {
        let told = harness.one(&[VALID, (name, "foo=1")]).await;
        assert_eq!(told.get("foo"), None);
    }
}

#[tokio::test]
async fn tracestate_header_name_valid_casing() {
    let mut harness = Harness::start().await;
    for name in ["TraceState", "TrAcEsTaTe", "TRACESTATE"] {
        let told = harness.one(&[VALID, (name, "foo=1")]).await;
        assert_eq!(told.get("foo"), Some("1"));
    }
}

#[tokio::test]
async fn tracestate_empty_header() {
    let lists: [&[&str]; 3] = [&[""], &["foo=1", ""], &["", "foo=1"]];
    assert_eq!(passed_on(&lists).await, ["", "foo=1", "foo=1"]);
}

#[tokio::test]
async fn tracestate_multiple_headers_different_keys() {
    let list: &[&str] = &["foo=1,bar=2", "rojo=1,congo=2", "baz=3"];
    let expected = "foo=1,bar=2,rojo=1,congo=2,baz=3";
    assert_eq!(passed_on(&[list]).await, [expected]);
}

#[tokio::test]
async fn tracestate_duplicated_keys() {
    let mut harness = Harness::start().await;
    assert_eq!(harness.state(&["foo=1,foo=1"]).await.get("foo"), Some("1"));
    let told = harness.state(&["foo=1,foo=2"]).await;
    assert!(matches!(told.get("foo"), Some("1" | "2")));
    let told = harness.state(&["foo=1", "foo=1"]).await;
    assert_eq!(told.get("foo"), Some("1"));
    let told = harness.state(&["foo=1", "foo=2"]).await;
    assert!(matches!(told.get("foo"), Some("1" | "2")));
}

#[tokio::test]
async fn tracestate_all_allowed_characters() {
    let mut harness = Harness::start().await;
    let without_vendor = "abcdefghijklmnopqrstuvwxyz0123456789_-*/";
    let with_vendor = format!("{without_vendor}@a-z0-9_-*/");
    let printable = (0x20..=0x7e_u8).map(char::from);
    let value: String = printable.filter(|it| !matches!(it, ',' | '=')).collect();
    for key in [without_vendor, &with_vendor] {
        let told = harness.state(&[&format!("{key}={value}")]).await;
        assert_eq!(told.get(key), Some(value.as_str()));
    }
}

#[tokio::test]
async fn tracestate_ows_handling() {
    let lists: [&[&str]; 7] = [
        &["foo=1 \t , \t bar=2, \t baz=3"],
        &["foo=1\t \t,\t \tbar=2,\t \tbaz=3"],
        &[" foo=1"],
        &["\tfoo=1"],
        &["foo=1 "],
        &["foo=1\t"],
        &["\t foo=1 \t"],
    ];
    let three = "foo=1,bar=2,baz=3";
    assert_eq!(
        passed_on(&lists).await,
        [three, three, "foo=1", "foo=1", "foo=1", "foo=1", "foo=1"]
    );
}

#[tokio::test]
async fn tracestate_key_illegal_characters() {
    let lists: [&[&str]; 3] = [&["foo =1"], &["FOO=1"], &["foo.bar=1"]];
    assert_eq!(passed_on(&lists).await, ["", "", ""]);
}

#[tokio::test]
async fn tracestate_key_illegal_vendor_format() {
    let inherited = ["foo@=1,bar=2", "foo@@bar=1,bar=2", "foo@bar@baz=1,bar=2"];
    let lists = inherited.each_ref().map(std::slice::from_ref);
    assert_eq!(passed_on(&lists).await, inherited);
    assert_eq!(passed_on(&[&["@foo=1,bar=2"]]).await, [""]);
}

#[tokio::test]
async fn tracestate_member_count_limit() {
    let members = |numbers: std::ops::RangeInclusive<u8>| {
        let members = numbers.map(|it| format!("bar{it:02}={it:02}"));
        members.collect::<Vec<String>>().join(",")
    };
    let (ten, twenty, thirty) = (members(1..=10), members(11..=20), members(21..=30));
    let mut harness = Harness::start().await;
    let told = harness
        .state(&[&ten, &twenty, &thirty, &members(31..=32)])
        .await;
    assert_eq!(told.get("bar01"), Some("01"));
    assert_eq!(told.state.len(), 32);
    let told = harness
        .state(&[&ten, &twenty, &thirty, &members(31..=33)])
        .await;
    assert_eq!(told.get("bar01"), None);
}

#[tokio::test]
async fn tracestate_key_length_limit() {
    let mut harness = Harness::start().await;
    for key in [
        "z".repeat(256),
        format!("{}@{}", "t".repeat(241), "v".repeat(14)),
        format!("{}@v", "t".repeat(242)),
        format!("t@{}", "v".repeat(15)),
    ] {
        let told = harness.state(&["foo=1", &format!("{key}=1")]).await;
        assert_eq!(told.get("foo"), Some("1"));
        assert_eq!(told.get(&key), Some("1"));
    }
    let too_long = format!("{}=1", "z".repeat(257));
    let told = harness.state(&["foo=1", &too_long]).await;
    assert_eq!(told.get("foo"), None);
}

#[tokio::test]
async fn tracestate_value_illegal_characters() {
    let lists: [&[&str]; 2] = [&["foo=bar=baz"], &["foo=,bar=3"]];
    assert_eq!(passed_on(&lists).await, ["", ""]);
}
