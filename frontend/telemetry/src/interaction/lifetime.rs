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
    /// When the macrotask of its event was over, the last if there were several; 0 before.
    handled: u64,
    /// The browser loads another page because of it.
    is_leaving: bool,
    open_children: u32,
    /// Unfinished tasks and callbacks that carry its context. Some of them never finish.
    holds: u32,
    /// 0 if there was none.
    last_child_end: u64,
    last_activity: u64,
}

/// It is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    /// Since when.
    pub(crate) at: u64,
    pub(crate) why: &'static str,
}

/// What a root lives on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sign {
    /// None: somebody asks whether it is open.
    Asked,
    /// Its code runs.
    Active,
    /// Its event is being handled, or a further one.
    Handling,
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
    /// Nothing of the trace is recorded: no child will tell of itself.
    Unrecorded,
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
            handled: 0,
            is_leaving: false,
            open_children: 0,
            holds: 0,
            last_child_end: 0,
            last_activity: started,
        }
    }

    /// Takes note of what happens now.
    pub(crate) fn note(&mut self, sign: Sign, now: u64) {
        match sign {
            Sign::Asked => return,
            Sign::Active => {}
            Sign::Handling => self.handled = 0,
            Sign::Handled { is_leaving } => {
                self.handled = now;
                self.is_leaving = is_leaving;
            }
            Sign::ChildStarted => self.open_children += 1,
            Sign::ChildEnded { at } => {
                self.open_children = self.open_children.saturating_sub(1);
                self.last_child_end = self.last_child_end.max(at);
            }
            Sign::Held => return self.holds += 1,
            Sign::Released => return self.holds = self.holds.saturating_sub(1),
            // It is not idle while a task is unfinished: that may wait for a request.
            Sign::Unrecorded => self.last_activity = self.started + LONGEST,
        }
        self.last_activity = self.last_activity.max(now);
    }

    /// Its end, if it is over.
    pub(crate) fn verdict(&self, now: u64) -> Option<Ended> {
        let deadline = self.started + LONGEST;
        let open_until = if self.is_unfinished() {
            deadline
        } else if self.holds > 0 {
            deadline.min(self.last_activity + IDLE)
        } else {
            0
        };
        if now < open_until {
            return None;
        }
        let why = if open_until == deadline {
            why::TIMEOUT
        } else if self.holds > 0 || self.last_child_end == 0 {
            why::IDLE
        } else {
            why::CHILDREN
        };
        let at = self.end(deadline).min(deadline);
        Some(Ended { at, why })
    }

    /// The page goes away: the end of what is over, now for what is not.
    pub(crate) fn cut_short(&self, now: u64) -> Option<Ended> {
        let at = if self.is_leaving { now } else { self.end(now) };
        let why = why::PAGEHIDE;
        Some(Ended { at, why })
    }

    fn is_unfinished(&self) -> bool {
        self.handled == 0 || self.open_children > 0 || self.is_leaving
    }

    /// The end of the last child; without children the end of the event's own macrotask; `open` for what has not ended.
    fn end(&self, open: u64) -> u64 {
        match (self.open_children, self.last_child_end, self.handled) {
            (0, 0, 0) => open,
            (0, 0, handled) => handled,
            (0, last_child_end, _) => last_child_end,
            _ => open,
        }
    }
}
