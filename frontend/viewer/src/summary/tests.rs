use super::*;

fn page(ids: &str, next: Option<&str>) -> Page {
    let trace = |id: &str| format!(r#"{{"trace_id":"{id}","duration_nano":"5"}}"#);
    let traces = ids
        .split_whitespace()
        .map(trace)
        .collect::<Vec<_>>()
        .join(",");
    let next = next.map_or("null".into(), |next| format!("\"{next}\""));
    Page::parse(&format!(r#"{{"traces":[{traces}],"next":{next}}}"#)).unwrap()
}

fn ids(listing: &Listing) -> String {
    listing
        .traces
        .iter()
        .map(|trace| trace.trace_id.as_str())
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn a_summary_is_read_with_its_integers_as_strings() {
    let page = Page::parse(
        r#"{"traces":[{"trace_id":"AB","root_name":"click sign-in","root_service":"web",
        "start_unix_nano":"1795370000123456789","duration_nano":"287400000","span_count":8,
        "error_count":"1","services":["web","api"]}, {"trace_id":null}],"next":"c"}"#,
    )
    .unwrap();
    assert_eq!((page.traces.len(), page.next.as_deref()), (1, Some("c")));
    let trace = &page.traces[0];
    assert_eq!(
        (trace.trace_id.as_str(), trace.root_name.as_str()),
        ("ab", "click sign-in")
    );
    assert_eq!(
        (trace.start, trace.nanos),
        (1_795_370_000_123_456_789, 287_400_000)
    );
    assert_eq!((trace.span_count, trace.error_count), (8, 1));
    assert_eq!(trace.services, ["web", "api"]);
}

#[test]
fn a_refresh_shows_the_newest_page() {
    let mut listing = Listing::default();
    listing.refresh(page("3 2", Some("after-2")));
    listing.refresh(page("4 3", Some("after-3")));
    assert_eq!(
        (ids(&listing).as_str(), listing.next.as_deref()),
        ("4 3", Some("after-3"))
    );
}

#[test]
fn older_pages_stay_when_new_traces_arrive() {
    let mut listing = Listing::default();
    listing.refresh(page("6 5", Some("after-5")));
    listing.extend(page("5 4 3", Some("after-3")));
    assert_eq!(ids(&listing), "6 5 4 3");
    listing.refresh(page("7 6", Some("after-6")));
    assert_eq!(
        (ids(&listing).as_str(), listing.next.as_deref()),
        ("7 6 5 4 3", Some("after-3"))
    );
}

#[test]
fn older_pages_go_when_a_gap_would_be_between() {
    let mut listing = Listing::default();
    listing.refresh(page("6 5", Some("after-5")));
    listing.extend(page("4 3", None));
    listing.refresh(page("9 8", Some("after-8")));
    assert_eq!(
        (ids(&listing).as_str(), listing.next.as_deref()),
        ("9 8", Some("after-8"))
    );
}
