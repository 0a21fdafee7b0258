//! The cases of the W3C's harness, level 2, and what it leaves out.

mod baggage;
mod properties;

use std::collections::HashMap;

use opentelemetry::trace::{SpanContext, TraceState};
use opentelemetry::{SpanId, TraceId};

use super::*;

const TRACE: &str = "12345678901234567890123456789012";
const PARENT: &str = "00-12345678901234567890123456789012-1234567890123456-01";

/// A request's headers, in their order, each name as often as it was sent.
#[derive(Clone, Debug, Default)]
struct Headers(Vec<(String, String)>);

impl<const N: usize> From<[(&str, &str); N]> for Headers {
    fn from(headers: [(&str, &str); N]) -> Self {
        Self(
            headers
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
        )
    }
}

impl Extractor for Headers {
    fn get(&self, key: &str) -> Option<&str> {
        self.get_all(key)?.first().copied()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.iter().map(|(name, _)| name.as_str()).collect()
    }

    fn get_all(&self, key: &str) -> Option<Vec<&str>> {
        let named = self
            .0
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case(key));
        let values: Vec<_> = named.map(|(_, value)| value.as_str()).collect();
        (!values.is_empty()).then_some(values)
    }
}

fn extract(headers: impl Into<Headers>) -> Context {
    W3cPropagator::new().extract_with_context(&Context::new(), &headers.into())
}

fn inject(cx: &Context) -> HashMap<String, String> {
    let mut headers = HashMap::new();
    W3cPropagator::new().inject_context(cx, &mut headers);
    headers
}

/// The `tracestate` that goes on after these came in.
fn state_after<const N: usize>(values: [&str; N]) -> Option<String> {
    let mut headers = Headers::from([(TRACEPARENT, PARENT)]);
    headers
        .0
        .extend(values.map(|value| (TRACESTATE.to_owned(), value.to_owned())));
    inject(&extract(headers)).remove(TRACESTATE)
}

/// The context of a span that an SDK made as a child of what is in `cx`, with these flags.
fn child(cx: &Context, flags: TraceFlags) -> Context {
    let span = cx.span();
    let parent = span.span_context();
    let state = parent.trace_state().clone();
    let child = SpanContext::new(parent.trace_id(), SpanId::from(7), flags, false, state);
    cx.with_remote_span_context(child)
}

// --- traceparent ---

#[test]
fn the_callers_span_is_the_remote_parent_and_goes_on_as_it_came() {
    let cx = extract([("TraceParent", PARENT)]);
    let span = cx.span();
    assert!(span.span_context().is_remote() && span.span_context().is_sampled());
    assert_eq!(
        inject(&cx),
        HashMap::from([(TRACEPARENT.to_owned(), PARENT.to_owned())])
    );
}

#[test]
fn only_the_exact_form_is_taken() {
    let invalid = [
        "",
        "00",
        "00-12345678901234567890123456789012-1234567890123456",
        "00-12345678901234567890123456789012-1234567890123456-01.",
        "00-12345678901234567890123456789012-1234567890123456-01-what-the-future-will-be-like",
        "cc-12345678901234567890123456789012-1234567890123456-01.what-the-future-will-be-like",
        "cc-12345678901234567890123456789012-1234567890123456-011",
        "ff-12345678901234567890123456789012-1234567890123456-01",
        ".0-12345678901234567890123456789012-1234567890123456-01",
        "0.-12345678901234567890123456789012-1234567890123456-01",
        "000-12345678901234567890123456789012-1234567890123456-01",
        "0-12345678901234567890123456789012-1234567890123456-01",
        "00-00000000000000000000000000000000-1234567890123456-01",
        "00-.2345678901234567890123456789012-1234567890123456-01",
        "00-+2345678901234567890123456789012-1234567890123456-01",
        "00-A2345678901234567890123456789012-1234567890123456-01",
        "00-123456789012345678901234567890123-1234567890123456-01",
        "00-1234567890123456789012345678901-1234567890123456-01",
        "00-12345678901234567890123456789012-0000000000000000-01",
        "00-12345678901234567890123456789012-12345678901234567-01",
        "00-12345678901234567890123456789012-123456789012345-01",
        "00-12345678901234567890123456789012-1234567890123456-.0",
        "00-12345678901234567890123456789012-1234567890123456-001",
        "00-12345678901234567890123456789012-1234567890123456-1",
        "00_12345678901234567890123456789012_1234567890123456_01",
        "00-1234567890123456789012345678901é-123456789012345-01",
    ];
    for value in invalid {
        assert_eq!(TraceParent::parse(value), None, "{value}");
        assert!(
            !extract([(TRACEPARENT, value)]).has_active_span(),
            "{value}"
        );
    }
}

#[test]
fn the_quick_way_to_read_it_reads_the_same() {
    for at in 0..=PARENT.len() {
        for piece in ["", "0", "a", "g", "A", "-", " ", "é"] {
            let rest = PARENT.get(at + 1..).unwrap_or_default();
            for value in [
                format!("{}{piece}{rest}", &PARENT[..at]),
                format!("{}{piece}{}", &PARENT[..at], &PARENT[at..]),
            ] {
                let (quick, slow) = (TraceParent::from_header(&value), TraceParent::parse(&value));
                assert_eq!(quick, slow, "{value}");
            }
        }
    }
    let zero = "00-00000000000000000000000000000000-b7ad6b7169203331-01";
    assert_eq!(TraceParent::from_header(zero), None);
}

#[test]
fn white_space_around_it_is_not_part_of_it() {
    assert!(TraceParent::parse(&format!("\t {PARENT} \t")).is_some());
    assert!(TraceParent::parse(&format!("\n{PARENT}")).is_none());
}

#[test]
fn of_a_later_version_the_known_part_is_read_and_goes_on_as_version_0() {
    for rest in ["", "-what-the-future-will-be-like"] {
        let value = format!("cc{}{rest}", &PARENT[2..]);
        assert_eq!(TraceParent::parse(&value).unwrap().to_string(), PARENT);
    }
}

#[test]
fn two_traceparents_are_none_joined_or_not() {
    let twice = [(TRACEPARENT, PARENT), (TRACEPARENT, PARENT)];
    assert!(!extract(twice).has_active_span());
    let future = format!("cc{}-x", &PARENT[2..]);
    for joined in [format!("{PARENT},{PARENT}"), format!("{future}, {future}")] {
        assert!(
            !extract([(TRACEPARENT, &*joined)]).has_active_span(),
            "{joined}"
        );
    }
}

#[test]
fn without_a_valid_traceparent_the_tracestate_is_not_read_and_the_context_stays() {
    let before = extract([(TRACEPARENT, PARENT), (TRACESTATE, "a=1")]);
    let headers = Headers::from([(TRACEPARENT, "nonsense"), (TRACESTATE, "b=2")]);
    let after = W3cPropagator::new().extract_with_context(&before, &headers);
    assert_eq!(inject(&after), inject(&before));
}

#[test]
fn without_a_span_nothing_is_sent() {
    assert_eq!(inject(&Context::new()), HashMap::new());
}

// --- flags ---

#[test]
fn sampled_and_random_go_on_and_flags_unknown_to_us_do_not() {
    for (came, goes) in [
        ("00", "00"),
        ("01", "01"),
        ("02", "02"),
        ("03", "03"),
        ("ff", "03"),
    ] {
        let value = format!("{}{came}", &PARENT[..53]);
        let sent = inject(&extract([(TRACEPARENT, &*value)]));
        assert_eq!(sent[TRACEPARENT], format!("{}{goes}", &PARENT[..53]));
    }
}

#[test]
fn the_random_flag_survives_a_span_that_lost_it() {
    let value = format!("{}02", &PARENT[..53]);
    let child = child(&extract([(TRACEPARENT, &*value)]), TraceFlags::default());
    assert_eq!(
        inject(&child)[TRACEPARENT],
        format!("00-{TRACE}-0000000000000007-02")
    );
    assert_eq!(child.get::<Incoming>().unwrap().flags(), RANDOM);
}

#[test]
fn the_random_flag_does_not_leak_into_another_trace() {
    let value = format!("{}02", &PARENT[..53]);
    let cx = extract([(TRACEPARENT, &*value)]);
    let other = TraceParent::new(TraceId::from(9), SpanId::from(9), TraceFlags::SAMPLED).unwrap();
    let cx = cx.with_remote_span_context(other.remote(TraceState::NONE));
    assert_eq!(inject(&cx)[TRACEPARENT], other.to_string());
}

// --- tracestate ---

#[test]
fn several_headers_are_one_list_in_their_order() {
    let state = state_after(["foo=1,bar=2", "", "rojo=1, \t congo=2 ,", " , baz= 3\t"]);
    assert_eq!(state.unwrap(), "foo=1,bar=2,rojo=1,congo=2,baz= 3");
}

#[test]
fn an_empty_tracestate_is_not_sent() {
    for value in ["", " ", ",", " , \t,"] {
        assert_eq!(state_after([value]), None);
    }
}

#[test]
fn one_invalid_member_discards_the_whole() {
    let long_key = format!("{}=1", "z".repeat(257));
    let long_value = format!("z={}", "1".repeat(257));
    let invalid = [
        "bar",
        "=1",
        "foo =1",
        "FOO=1",
        "foo.bar=1",
        "@foo=1",
        "_foo=1",
        "é=1",
        "bar=a=b",
        "bar=",
        "bar= ",
        "bar=é",
        "bar=\u{7f}",
        &long_key,
        &long_value,
    ];
    for member in invalid {
        assert_eq!(state_after(["a=1", member]), None, "{member}");
    }
}

#[test]
fn of_a_key_that_comes_again_the_first_member_goes_on_with_all_others() {
    assert_eq!(state_after(["foo=1,foo=1"]).unwrap(), "foo=1");
    assert_eq!(state_after(["foo=1,foo=2,bar=3"]).unwrap(), "foo=1,bar=3");
    assert_eq!(state_after(["foo=1", "foo=2"]).unwrap(), "foo=1");
}

#[test]
fn thirty_two_members_are_kept_and_thirty_three_are_discarded() {
    let members: Vec<_> = (1..=33).map(|n| format!("bar{n:02}={n:02}")).collect();
    let most = members[..32].join(",");
    assert_eq!(state_after([&most]), Some(most.clone()));
    assert_eq!(state_after([&most, &members[32]]), None);
}

#[test]
fn every_allowed_character_goes_on() {
    let letters = "abcdefghijklmnopqrstuvwxyz0123456789_-*/";
    let value: String = (' '..='~').filter(|it| !",=".contains(*it)).collect();
    for member in [
        format!("{letters}@a-z0-9_-*/={value}"),
        format!("{}={}", "z".repeat(256), "~".repeat(256)),
        format!("{}@{}=1", "t".repeat(241), "v".repeat(14)),
        "0=1".to_owned(),
    ] {
        assert_eq!(state_after([&member]), Some(member.clone()));
    }
}

#[test]
fn keys_of_level_2_that_the_api_refuses_go_on_with_the_others() {
    let state = format!("a=1,foo@bar@baz=1,t@{}=1,foo@=2", "v".repeat(15));
    assert!(TraceState::from_key_value([("foo@bar@baz", "1")]).is_err());
    assert_eq!(state_after([&state]), Some(state.clone()));
}

#[test]
fn what_a_span_adds_stands_before_what_the_api_refused() {
    let cx = extract([(TRACEPARENT, PARENT), (TRACESTATE, "a@b@c=1,mine=old")]);
    let state = TraceState::from_key_value([("mine", "new")]).unwrap();
    let parent = TraceParent::parse(PARENT).unwrap();
    let cx = cx.with_remote_span_context(parent.remote(state));
    assert_eq!(inject(&cx)[TRACESTATE], "mine=new,a@b@c=1");
}

#[test]
fn a_state_that_is_no_header_is_not_sent() {
    let parent = TraceParent::parse(PARENT).unwrap();
    let state = TraceState::from_key_value([("a", "1\r\nx: y"), ("b", "2")]).unwrap();
    let cx = Context::new().with_remote_span_context(parent.remote(state));
    assert_eq!(inject(&cx)[TRACESTATE], "b=2");
}

#[test]
fn the_fields_are_those_that_are_written() {
    let all = W3cPropagator::new();
    assert_eq!(
        all.fields().collect::<Vec<_>>(),
        ["traceparent", "tracestate", "baggage"]
    );
    let two = W3cPropagator::default().without_baggage();
    assert_eq!(
        two.fields().collect::<Vec<_>>(),
        ["traceparent", "tracestate"]
    );
}
