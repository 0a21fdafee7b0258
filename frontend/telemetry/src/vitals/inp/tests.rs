use super::*;

fn seen(events: impl IntoIterator<Item = (u32, u32)>) -> Longest {
    let mut longest = Longest::NEW;
    for (id, millis) in events {
        longest.see(id.into(), millis.into());
    }
    longest
}

fn known(longest: &Longest) -> Vec<(f64, f64)> {
    let mut all = longest.all.to_vec();
    all.retain(|it| it.0 > 0.0);
    all
}

#[test]
fn an_interaction_takes_as_long_as_its_longest_event() {
    let longest = seen([(1, 40), (1, 96), (1, 48), (2, 56)]);
    assert_eq!(longest.percentile(2.0), Some(96.0));
    assert_eq!(known(&longest), [(1.0, 96.0), (2.0, 56.0)]);
}

#[test]
fn events_of_no_interaction_do_not_count() {
    assert_eq!(seen([(0, 500)]).percentile(0.0), None);
}

#[test]
fn of_every_fifty_interactions_the_longest_is_an_outlier() {
    let longest = seen((1..=120).map(|n| (n, n * 8)));
    assert_eq!(longest.percentile(49.0), Some(960.0));
    assert_eq!(longest.percentile(50.0), Some(952.0));
    assert_eq!(longest.percentile(120.0), Some(944.0));
}

#[test]
fn the_ten_longest_are_kept_in_whatever_order_they_come() {
    let up = seen((1..=1000).map(|n| (n, n)));
    let down = seen((1..=1000).rev().map(|n| (n, n)));
    let mixed = seen((1..=1000).map(|n| (n, n * 7919 % 1009)));
    for longest in [up, down, mixed] {
        assert_eq!(known(&longest).len(), MAX_INTERACTIONS);
        assert!(longest.all.is_sorted_by(|a, b| a.1 >= b.1), "{longest:?}");
        assert!(longest.percentile(0.0).unwrap() >= 1000.0);
        assert_eq!(longest.percentile(1e9), longest.all.last().map(|it| it.1));
    }
}

#[test]
fn an_early_interaction_that_grows_moves_up() {
    let longest = seen([(1, 40), (2, 80), (3, 60), (1, 100)]);
    assert_eq!(known(&longest), [(1.0, 100.0), (2.0, 80.0), (3.0, 60.0)]);
}

#[test]
fn interactions_that_were_all_short_are_one_step_of_the_clock() {
    assert_eq!(seen([]).percentile(3.0), Some(8.0));
}
