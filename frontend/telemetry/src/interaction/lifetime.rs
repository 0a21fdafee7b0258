//! When a root span ends: the rule alone, without a clock.

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
    Ended { at: u64 },
}

// === impl Lifetime ===

impl Lifetime {
    pub(crate) fn new(started: u64) -> Self {
        Self {
            started,
            handled: None,
            open_children: 0,
            holds: 0,
            last_child_end: None,
            last_activity: started,
        }
    }

    pub(crate) fn active(&mut self, now: u64) {
        self.last_activity = self.last_activity.max(now);
    }

    pub(crate) fn handled(&mut self, now: u64) {
        self.handled = Some(now);
        self.active(now);
    }

    pub(crate) fn child_started(&mut self, now: u64) {
        self.open_children = self.open_children.saturating_add(1);
        self.active(now);
    }

    /// `end` is what the child says; `now` is when it says so.
    pub(crate) fn child_ended(&mut self, end: u64, now: u64) {
        self.open_children = self.open_children.saturating_sub(1);
        self.last_child_end = self.last_child_end.max(Some(end));
        self.active(now);
    }

    pub(crate) fn held(&mut self) {
        self.holds = self.holds.saturating_add(1);
    }

    pub(crate) fn released(&mut self) {
        self.holds = self.holds.saturating_sub(1);
    }

    pub(crate) fn verdict(&self, now: u64) -> Verdict {
        let deadline = self.started.saturating_add(LONGEST);
        if now >= deadline {
            let at = if self.open_children > 0 {
                deadline
            } else {
                self.trimmed(deadline)
            };
            return Verdict::Ended {
                at: at.min(deadline),
            };
        }
        let Some(handled) = self.handled else {
            return Verdict::Open {
                review_at: deadline,
            };
        };
        if self.open_children > 0 {
            return Verdict::Open {
                review_at: deadline,
            };
        }
        let idle_at = self.last_activity.saturating_add(IDLE);
        if self.holds > 0 && now < idle_at {
            return Verdict::Open {
                review_at: idle_at.min(deadline),
            };
        }
        Verdict::Ended {
            at: self.trimmed(handled),
        }
    }

    /// The page goes away: the end of what is over, now for what is not.
    pub(crate) fn cut_short(&self, now: u64) -> u64 {
        if self.open_children > 0 {
            now
        } else {
            self.trimmed(self.handled.unwrap_or(now))
        }
    }

    /// The end of the last child; without children the end of the event's own macrotask.
    fn trimmed(&self, handled: u64) -> u64 {
        self.last_child_end.unwrap_or(handled)
    }
}
