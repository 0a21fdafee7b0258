use super::*;
use crate::logs::severity::ERROR;

fn exception(message: &str) -> Exception {
    Exception {
        message: message.to_owned(),
        ..Exception::default()
    }
}

#[test]
fn what_happens_in_a_row_is_told_of_ever_more_rarely() {
    let mut seen = Seen::new(MAX_ERRORS);
    let told: Vec<_> = (0..1000)
        .filter_map(|_| seen.count(&exception("again"), ERROR))
        .collect();
    assert_eq!(told, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]);
    assert_eq!(seen.count(&exception("other"), ERROR), Some(1));
    assert_eq!(seen.count(&exception("again"), ERROR), Some(1));
}

#[test]
fn a_page_tells_of_so_many_errors_and_still_of_a_panic() {
    let mut seen = Seen::new(MAX_ERRORS);
    let many = |seen: &mut Seen, severity| {
        (0..1000)
            .filter(|it| seen.count(&exception(&it.to_string()), severity).is_some())
            .count()
    };
    assert_eq!(many(&mut seen, ERROR), MAX_ERRORS);
    assert_eq!(many(&mut seen, FATAL), MAX_PANICS);
}
