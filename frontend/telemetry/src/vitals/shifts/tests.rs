use super::*;

fn cls(shifts: &[(f64, f64)]) -> f64 {
    let mut all = Shifts::NEW;
    for (at, score) in shifts {
        all.shifted(*at, *score);
    }
    all.largest()
}

#[test]
fn shifts_within_a_second_of_each_other_add_up() {
    assert_eq!(cls(&[(0.0, 0.25), (999.0, 0.25), (1998.0, 0.5)]), 1.0);
}

#[test]
fn a_second_without_shifts_begins_a_new_window() {
    assert_eq!(cls(&[(0.0, 0.25), (1000.0, 0.5)]), 0.5);
    assert_eq!(
        cls(&[(0.0, 0.5), (1000.0, 0.25)]),
        0.5,
        "the largest counts"
    );
}

#[test]
fn no_window_is_longer_than_five_seconds() {
    let steady: Vec<_> = (0..10).map(|n| (f64::from(n) * 900.0, 0.125)).collect();
    // At 0, 900 … 4500; the next, at 5400, begins another.
    assert_eq!(cls(&steady), 0.75);
}
