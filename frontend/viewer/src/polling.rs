//! How often to ask again.

use std::time::Duration;

/// New traces appear, and late spans too, within this time.
pub const INTERVAL: Duration = Duration::from_secs(2);

/// A complete trace that did not change for this long is taken as stable. The browser exports every five seconds and
/// holds a click open for at most thirty.
const SETTLE: Duration = Duration::from_secs(30);

/// A trace with a parent missing is waited for longer: a tab in the background sends late.
const SETTLE_INCOMPLETE: Duration = Duration::from_secs(300);

/// What is known of the trace that is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Completeness {
    /// Every parent is there.
    Complete,
    /// A parent was not received.
    Incomplete,
    /// Not a single span was received, or the server does not answer.
    Absent,
}

/// Whether to ask again after [`INTERVAL`], when the last change is so long ago.
pub fn is_worth_asking(completeness: Completeness, unchanged_for: Duration) -> bool {
    match completeness {
        Completeness::Complete => unchanged_for < SETTLE,
        Completeness::Incomplete => unchanged_for < SETTLE_INCOMPLETE,
        Completeness::Absent => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_complete_trace_is_polled_until_it_rests() {
        assert!(is_worth_asking(
            Completeness::Complete,
            Duration::from_secs(29)
        ));
        assert!(!is_worth_asking(
            Completeness::Complete,
            Duration::from_secs(30)
        ));
    }

    #[test]
    fn a_missing_parent_is_waited_for_longer_and_a_missing_trace_as_long_as_it_takes() {
        let minute = Duration::from_secs(60);
        assert!(is_worth_asking(Completeness::Incomplete, minute));
        assert!(!is_worth_asking(Completeness::Incomplete, minute * 6));
        assert!(is_worth_asking(Completeness::Absent, minute * 60));
    }
}
