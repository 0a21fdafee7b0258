//! When a root span ends, and why: the rule alone, without a clock.

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;

/// A root without open children is kept for unfinished tasks this long after the last sign of life.
pub(crate) const IDLE: u64 = 1_000_000_000;
/// No root is open for longer.
pub(crate) const LONGEST: u64 = 30_000_000_000;

/// What keeps a root open. Times are nanoseconds since 1970, by the clock of the root's trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lifetime {
    started: u64,
    /// When the macrotask of its event was over.
    handled: Option<u64>,
    /// The browser loads another page because of it.
    is_leaving: bool,
    open_children: u32,
    /// Unfinished tasks and callbacks that carry its context. Some of them never finish.
    holds: u32,
    last_child_end: Option<u64>,
    last_activity: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nothing changes by itself before `review_at`.
    Open { review_at: u64 },
    /// It is over, and was so since `at`.
    Ended { at: u64, why: &'static str },
}

/// What a root lives on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sign {
    /// Its code runs.
    Active,
    /// The macrotask of its event is over.
    Handled {
        /// Then the browser loads another page.
        is_leaving: bool,
    },
    /// A child has started.
    ChildStarted,
    /// A child has ended, by its own account `at` this time.
    ChildEnded { at: u64 },
    /// A task or callback carries its context, which is no activity.
    Held,
    /// It no longer does.
    Released,
}

/// Why a root has ended: the values of `throughline.interaction.end`.
pub(crate) mod why {
    /// There was nothing to wait for, or tasks that did nothing for a second.
    pub(crate) const IDLE: &str = "idle";
    /// All that it caused has ended.
    pub(crate) const CHILDREN: &str = "children";
    /// It was open for as long as a root may be.
    pub(crate) const TIMEOUT: &str = "timeout";
    /// The page was left.
    pub(crate) const PAGEHIDE: &str = "pagehide";
}

// === impl Lifetime ===

impl Lifetime {
    pub(crate) fn new(started: u64) -> Self {
        Self {
            started,
            handled: None,
            is_leaving: false,
            open_children: 0,
            holds: 0,
            last_child_end: None,
            last_activity: started,
        }
    }

    pub(crate) fn started(&self) -> u64 {
        self.started
    }

    /// Takes note of what happens now.
    pub(crate) fn note(&mut self, sign: Sign, now: u64) {
        match sign {
            Sign::Active => {}
            Sign::Handled { is_leaving } => {
                self.handled = Some(now);
                self.is_leaving = is_leaving;
            }
            Sign::ChildStarted => self.open_children = self.open_children.saturating_add(1),
            Sign::ChildEnded { at } => {
                self.open_children = self.open_children.saturating_sub(1);
                self.last_child_end = self.last_child_end.max(Some(at));
            }
            Sign::Held => return self.holds = self.holds.saturating_add(1),
            Sign::Released => return self.holds = self.holds.saturating_sub(1),
        }
        self.last_activity = self.last_activity.max(now);
    }

    pub(crate) fn verdict(&self, now: u64) -> Verdict {
        let deadline = self.started.saturating_add(LONGEST);
        let review_at = if self.is_unfinished() {
            deadline
        } else if self.holds > 0 {
            deadline.min(self.last_activity.saturating_add(IDLE))
        } else {
            0
        };
        if now < review_at {
            return Verdict::Open { review_at };
        }
        let why = if review_at == deadline {
            why::TIMEOUT
        } else if self.holds > 0 || self.last_child_end.is_none() {
            why::IDLE
        } else {
            why::CHILDREN
        };
        Verdict::Ended {
            at: self.end(deadline).min(deadline),
            why,
        }
    }

    /// The page goes away: the end of what is over, now for what is not.
    pub(crate) fn cut_short(&self, now: u64) -> Verdict {
        let at = if self.is_leaving { now } else { self.end(now) };
        Verdict::Ended {
            at,
            why: why::PAGEHIDE,
        }
    }

    fn is_unfinished(&self) -> bool {
        self.handled.is_none() || self.open_children > 0 || self.is_leaving
    }

    /// The end of the last child; without children the end of the event's own macrotask; `open` for what has not ended.
    fn end(&self, open: u64) -> u64 {
        if self.open_children > 0 {
            return open;
        }
        self.last_child_end.or(self.handled).unwrap_or(open)
    }
}
