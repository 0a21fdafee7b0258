use super::*;

const MS: u64 = 1_000_000;

fn clicked() -> Lifetime {
    Lifetime::new(0)
}

#[test]
fn without_children_it_ends_with_its_own_macrotask() {
    let mut root = clicked();
    assert_eq!(root.verdict(MS), Verdict::Open { review_at: LONGEST });
    root.handled(3 * MS);
    assert_eq!(root.verdict(4 * MS), Verdict::Ended { at: 3 * MS });
}

#[test]
fn it_is_never_shorter_than_its_children() {
    let mut root = clicked();
    root.child_started(MS);
    root.child_started(2 * MS);
    root.handled(3 * MS);
    root.child_ended(40 * MS, 40 * MS);
    assert_eq!(root.verdict(41 * MS), Verdict::Open { review_at: LONGEST });
    root.child_ended(50 * MS, 50 * MS);
    assert_eq!(root.verdict(51 * MS), Verdict::Ended { at: 50 * MS });
}

#[test]
fn an_unfinished_task_holds_it_until_one_idle_second_and_the_end_is_trimmed() {
    let mut root = clicked();
    root.held();
    root.child_started(MS);
    root.handled(2 * MS);
    root.child_ended(30 * MS, 30 * MS);
    root.active(35 * MS);
    assert_eq!(
        root.verdict(500 * MS),
        Verdict::Open {
            review_at: 35 * MS + IDLE
        }
    );
    assert_eq!(root.verdict(35 * MS + IDLE), Verdict::Ended { at: 30 * MS });
}

#[test]
fn a_task_that_goes_on_after_a_pause_may_start_another_child() {
    let mut root = clicked();
    root.held();
    root.handled(MS);
    root.active(900 * MS);
    root.child_started(900 * MS);
    root.child_ended(950 * MS, 950 * MS);
    root.released();
    assert_eq!(root.verdict(951 * MS), Verdict::Ended { at: 950 * MS });
}

#[test]
fn thirty_seconds_are_the_most() {
    let mut root = clicked();
    root.child_started(MS);
    root.handled(MS);
    assert_eq!(root.verdict(LONGEST), Verdict::Ended { at: LONGEST });
    root.child_ended(LONGEST + MS, LONGEST + MS);
    assert_eq!(root.verdict(LONGEST + MS), Verdict::Ended { at: LONGEST });
}

#[test]
fn a_page_that_goes_away_ends_it_now_or_where_its_work_ended() {
    let mut root = clicked();
    root.child_started(MS);
    root.handled(2 * MS);
    assert_eq!(root.cut_short(10 * MS), 10 * MS);
    root.child_ended(8 * MS, 8 * MS);
    assert_eq!(root.cut_short(10 * MS), 8 * MS);
}
