use super::*;

fn lcp(value: f64) -> Vital {
    let mut vital = Vital::new("lcp", 2500.0, 4000.0);
    vital.set(value);
    vital
}

#[test]
fn a_value_is_reported_once_and_then_what_it_has_grown_by() {
    let mut vital = Vital::new("cls", 0.25, 0.5);
    assert_eq!(vital.report(), None, "there is nothing yet");
    vital.set(0.25);
    assert_eq!(vital.report().unwrap().delta, 0.25);
    assert_eq!(vital.report(), None, "nothing new");
    vital.set(1.0);
    let report = vital.report().unwrap();
    assert_eq!((report.value, report.delta), (1.0, 0.75));
}

#[test]
fn nothing_is_a_value_too() {
    let mut vital = Vital::new("cls", 0.1, 0.25);
    vital.set(0.0);
    let report = vital.report().unwrap();
    assert_eq!((report.delta, report.rating), (0.0, "good"));
    assert_eq!(vital.report(), None);
}

#[test]
fn a_threshold_belongs_to_the_better_rating() {
    let rating = |value| lcp(value).report().unwrap().rating;
    assert_eq!(rating(2500.0), "good");
    assert_eq!(rating(2500.1), "needs-improvement");
    assert_eq!(rating(4000.0), "needs-improvement");
    assert_eq!(rating(4000.1), "poor");
}
