//! Interaction to Next Paint: the 98th percentile of how long interactions took (web.dev/articles/inp).

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;

/// Interactions that are kept, the longest ones: the percentile of up to 500 is among them.
const MAX_INTERACTIONS: usize = 10;
/// For each so many interactions, one of the longest does not count.
const INTERACTIONS_PER_OUTLIER: f64 = 50.0;
/// What is said of interactions that were all too short to be told of, in milliseconds: one step of the browser's clock.
const SHORTEST: f64 = 8.0;

/// The longest interactions.
#[derive(Debug)]
pub(super) struct Longest {
    /// The id and the milliseconds of each, longest first; id 0 for none.
    all: [(f64, f64); MAX_INTERACTIONS],
}

// === impl Longest ===

impl Longest {
    pub(super) const NEW: Self = Self {
        all: [(0.0, 0.0); MAX_INTERACTIONS],
    };

    /// One event of an interaction, of which there may be several (`pointerdown`, `pointerup`, `click`): the interaction
    /// takes as long as the longest of them. Without an id it is of none (a scroll, say).
    pub(super) fn see(&mut self, id: f64, millis: f64) {
        if id > 0.0 && millis > 0.0 {
            let mut next = (id, millis);
            // It takes the place of the first that is no longer, and that one of the one after; the last of them, or
            // what was known of the same interaction, has none. (A general sort is larger than all the rest.)
            for slot in &mut self.all {
                let is_same = slot.0 == id;
                if next.1 >= slot.1 {
                    std::mem::swap(slot, &mut next);
                }
                if is_same {
                    return;
                }
            }
        }
    }

    /// The percentile, in milliseconds, if there have been `count` interactions.
    pub(super) fn percentile(&self, mut count: f64) -> Option<f64> {
        let mut found = (count > 0.0).then_some(SHORTEST);
        for (id, millis) in self.all {
            if id == 0.0 {
                break;
            }
            found = Some(millis);
            if count < INTERACTIONS_PER_OUTLIER {
                break;
            }
            count -= INTERACTIONS_PER_OUTLIER;
        }
        found
    }
}
