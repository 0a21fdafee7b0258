use super::*;

const KIND: &Kind = &Kind::new("lcp", 2500.0, 4000.0);

#[test]
fn a_value_is_reported_once_and_then_what_it_has_grown_by() {
    let mut vital = Vital::new(KIND);
    assert_eq!(vital.report(), None, "there is nothing yet");
    vital.value = 0.25;
    assert_eq!(vital.report(), Some(0.25));
    assert_eq!(vital.report(), None, "nothing new");
    vital.value = 1.0;
    assert_eq!(vital.report(), Some(0.75));
}

#[test]
fn nothing_is_a_value_too() {
    let mut vital = Vital::new(KIND);
    vital.value = 0.0;
    assert_eq!(vital.report(), Some(0.0));
    assert_eq!(vital.report(), None);
}

#[test]
fn a_threshold_belongs_to_the_better_rating() {
    assert_eq!(KIND.rating(0.0), "good");
    assert_eq!(KIND.rating(2500.0), "good");
    assert_eq!(KIND.rating(2500.1), "needs-improvement");
    assert_eq!(KIND.rating(4000.0), "needs-improvement");
    assert_eq!(KIND.rating(4000.1), "poor");
}
