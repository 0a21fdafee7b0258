use super::*;

const MS: u64 = 1_000_000;

fn clicked() -> Lifetime {
    Lifetime::new(0)
}

fn ended(at: u64, why: &'static str) -> Option<Ended> {
    Some(Ended { at, why })
}

#[test]
fn without_children_it_ends_with_its_own_macrotask() {
    let mut root = clicked();
    assert_eq!(root.verdict(MS), None);
    root.note(Sign::Handled { is_leaving: false }, 3 * MS);
    assert_eq!(root.verdict(4 * MS), ended(3 * MS, why::IDLE));
    root.note(Sign::Handling, 4 * MS);
    assert_eq!(root.verdict(5 * MS), None);
    root.note(Sign::Handled { is_leaving: false }, 6 * MS);
    assert_eq!(root.verdict(7 * MS), ended(6 * MS, why::IDLE));
}

#[test]
fn it_is_never_shorter_than_its_children() {
    let mut root = clicked();
    root.note(Sign::ChildStarted, MS);
    root.note(Sign::ChildStarted, 2 * MS);
    root.note(Sign::Handled { is_leaving: false }, 3 * MS);
    root.note(Sign::ChildEnded { at: 40 * MS }, 40 * MS);
    assert_eq!(root.verdict(41 * MS), None);
    root.note(Sign::ChildEnded { at: 50 * MS }, 50 * MS);
    assert_eq!(root.verdict(51 * MS), ended(50 * MS, why::CHILDREN));
}

#[test]
fn an_unfinished_task_holds_it_until_one_idle_second_and_the_end_is_trimmed() {
    let mut root = clicked();
    root.note(Sign::Held, 0);
    root.note(Sign::ChildStarted, MS);
    root.note(Sign::Handled { is_leaving: false }, 2 * MS);
    root.note(Sign::ChildEnded { at: 30 * MS }, 30 * MS);
    root.note(Sign::Active, 35 * MS);
    assert_eq!(root.verdict(34 * MS + IDLE), None);
    assert_eq!(root.verdict(35 * MS + IDLE), ended(30 * MS, why::IDLE));
}

#[test]
fn a_task_that_goes_on_after_a_pause_may_start_another_child() {
    let mut root = clicked();
    root.note(Sign::Held, 0);
    root.note(Sign::Handled { is_leaving: false }, MS);
    root.note(Sign::Active, 900 * MS);
    root.note(Sign::ChildStarted, 900 * MS);
    root.note(Sign::ChildEnded { at: 950 * MS }, 950 * MS);
    root.note(Sign::Released, 0);
    assert_eq!(root.verdict(951 * MS), ended(950 * MS, why::CHILDREN));
}

#[test]
fn thirty_seconds_are_the_most() {
    let mut root = clicked();
    root.note(Sign::ChildStarted, MS);
    root.note(Sign::Handled { is_leaving: false }, MS);
    assert_eq!(root.verdict(LONGEST), ended(LONGEST, why::TIMEOUT));
    root.note(Sign::ChildEnded { at: LONGEST + MS }, LONGEST + MS);
    assert_eq!(root.verdict(LONGEST + MS), ended(LONGEST, why::CHILDREN));
}

#[test]
fn a_page_that_goes_away_ends_it_now_or_where_its_work_ended() {
    let mut root = clicked();
    root.note(Sign::ChildStarted, MS);
    root.note(Sign::Handled { is_leaving: false }, 2 * MS);
    assert_eq!(root.cut_short(10 * MS), ended(10 * MS, why::PAGEHIDE));
    root.note(Sign::ChildEnded { at: 8 * MS }, 8 * MS);
    assert_eq!(root.cut_short(10 * MS), ended(8 * MS, why::PAGEHIDE));
}

#[test]
fn a_form_that_loads_another_page_is_open_until_this_one_goes_away() {
    let mut root = clicked();
    root.note(Sign::Handled { is_leaving: true }, 2 * MS);
    assert_eq!(root.verdict(5 * MS), None);
    assert_eq!(root.cut_short(900 * MS), ended(900 * MS, why::PAGEHIDE));
    // It was a download: nothing was loaded.
    assert_eq!(root.verdict(LONGEST), ended(2 * MS, why::TIMEOUT));
}

#[test]
fn what_is_not_recorded_is_open_while_a_task_is_unfinished() {
    let mut root = clicked();
    root.note(Sign::Unrecorded, 0);
    root.note(Sign::Held, MS);
    root.note(Sign::Handled { is_leaving: false }, 2 * MS);
    assert_eq!(root.verdict(2 * IDLE), None);
    assert_eq!(root.verdict(LONGEST), ended(2 * MS, why::TIMEOUT));
    root.note(Sign::Released, 2 * IDLE);
    assert_eq!(root.verdict(2 * IDLE), ended(2 * MS, why::IDLE));
}
