use opentelemetry::trace::{SpanId, TraceFlags};

use super::*;

/// A trace id whose last 56 bits are these.
fn trace(randomness: u64) -> TraceId {
    TraceId::from_bytes((u128::from(randomness) | 0xff << 56 | 1 << 120).to_be_bytes())
}

fn remote(flags: TraceFlags) -> SpanContext {
    let span_id = SpanId::from_bytes([1; 8]);
    SpanContext::new(trace(7), span_id, flags, true, TraceState::default())
}

#[test]
fn a_ratio_keeps_the_traces_at_or_above_its_threshold_and_says_which() {
    let quarter = Sampler::trace_id_ratio(0.25);
    let (kept, state) = quarter.decide(trace(0xc0_0000_0000_0000), &SpanContext::NONE);
    assert_eq!((kept, state.header().as_str()), (true, "ot=th:c"));
    let (kept, state) = quarter.decide(trace(0xbf_ffff_ffff_ffff), &SpanContext::NONE);
    assert_eq!((kept, state.header().as_str()), (false, ""));
}

#[test]
fn all_and_nothing_need_no_threshold_and_a_wrong_ratio_is_the_nearest_right_one() {
    for (ratio, expected) in [
        (1.0, true),
        (7.0, true),
        (0.0, false),
        (-1.0, false),
        (f64::NAN, false),
    ] {
        let (kept, state) =
            Sampler::trace_id_ratio(ratio).decide(trace(u64::MAX >> 8), &SpanContext::NONE);
        assert_eq!((kept, state.header().as_str()), (expected, ""), "{ratio}");
    }
}

#[test]
fn a_parent_is_respected_by_samplers_that_are_parent_based() {
    let not_sampled = remote(TraceFlags::default());
    assert!(Sampler::ALWAYS_ON.decide(trace(7), &not_sampled).0);
    let parent_based = Sampler::ALWAYS_ON.parent_based();
    assert!(!parent_based.decide(trace(7), &not_sampled).0);
    let parent_based = Sampler::ALWAYS_OFF.parent_based();
    assert!(
        parent_based
            .decide(trace(7), &remote(TraceFlags::SAMPLED))
            .0
    );
}
