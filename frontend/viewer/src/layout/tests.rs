use super::*;
use crate::model::Model;
use crate::otlp::Trace;

fn labels(nanos: u64) -> Vec<String> {
    Timeline {
        start: 0,
        end: nanos,
    }
    .ticks(6)
    .into_iter()
    .map(|tick| tick.label)
    .collect()
}

#[test]
fn ticks_are_at_round_times_and_never_too_many() {
    assert_eq!(
        labels(287_400_000),
        ["0", "50 ms", "100 ms", "150 ms", "200 ms", "250 ms"]
    );
    assert_eq!(
        labels(1_000),
        ["0", "200 ns", "400 ns", "600 ns", "800 ns", "1 µs"]
    );
    assert_eq!(labels(0), ["0"]);
    for exponent in 0..63 {
        assert!(labels(3 << exponent).len() <= 7);
    }
    assert!(labels(u64::MAX).len() <= 7);
}

#[test]
fn places_are_in_percent_of_the_axis() {
    let timeline = Timeline {
        start: 1_000,
        end: 3_000,
    };
    assert_eq!(timeline.left(1_500), 25.0);
    assert_eq!(timeline.width(1_000), 50.0);
    assert_eq!(timeline.left(0), 0.0);
    assert_eq!(Timeline::default().width(0), 0.0);
}

#[test]
fn the_axis_covers_spans_outside_of_their_root() {
    let trace = Trace::parse(include_str!("../../testdata/sign_in.json")).unwrap();
    let mut spans = trace.spans;
    spans[3].end += 1_000_000_000;
    assert_eq!(
        Timeline::of(&spans),
        Timeline {
            start: spans[0].start,
            end: spans[3].end
        }
    );
}

#[test]
fn what_is_below_a_collapsed_span_is_not_visible() {
    let model = Model::new(Trace::parse(include_str!("../../testdata/sign_in.json")).unwrap());
    let visible = |names: &[&str]| {
        let named = |span: &&Span| names.contains(&&*span.name);
        let collapsed = model
            .trace
            .spans
            .iter()
            .filter(named)
            .map(|span| span.span_id.clone());
        model.visible_rows(&collapsed.collect())
    };
    assert_eq!(visible(&[]), [0, 1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(visible(&["verify_password"]), [0, 1, 2, 3, 4, 5, 7]);
    assert_eq!(visible(&["POST", "verify_password"]), [0, 1]);
    assert_eq!(visible(&["bcrypt.verify"]), [0, 1, 2, 3, 4, 5, 6, 7]);
}
