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
        let known = self.all.iter().position(|it| it.0 == id);
        let slot = self.all.get_mut(known.unwrap_or(MAX_INTERACTIONS - 1));
        if let Some(slot) = slot.filter(|slot| id > 0.0 && millis > slot.1) {
            *slot = (id, millis);
            self.order();
        }
    }

    /// The percentile, in milliseconds, if there have been `count` interactions.
    pub(super) fn percentile(&self, count: f64) -> Option<f64> {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "saturates; there are ten at most"
        )]
        let outliers = (count / INTERACTIONS_PER_OUTLIER) as usize;
        let known = self.all.iter().take_while(|it| it.0 > 0.0);
        match known.take(outliers.saturating_add(1)).last() {
            Some(it) => Some(it.1),
            None if count > 0.0 => Some(SHORTEST),
            None => None,
        }
    }

    /// Only one is out of its place. (A general sort is larger than all the rest.)
    fn order(&mut self) {
        for at in (1..MAX_INTERACTIONS).rev() {
            if let Some([before, after]) = self.all.get_mut(at - 1..=at)
                && before.1 < after.1
            {
                std::mem::swap(before, after);
            }
        }
    }
}
