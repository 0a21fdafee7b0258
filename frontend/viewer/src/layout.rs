//! Where things are on the time axis, and which rows are visible.

use std::collections::HashSet;

use crate::duration;
use crate::otlp::{Id, Span};
use crate::tree::Tree;

/// The stretch of time that the axis covers, in nanoseconds since the Unix epoch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Timeline {
    /// The first start.
    pub start: u64,
    /// The last end.
    pub end: u64,
}

/// A mark on the axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Tick {
    /// Its place, in percent of the axis.
    pub percent: f64,
    /// Its time since the start of the axis.
    pub label: String,
}

impl Timeline {
    /// From the first start to the last end: spans may lie outside of their root.
    pub fn of(spans: &[Span]) -> Self {
        let start = spans
            .iter()
            .map(|span| span.start)
            .min()
            .unwrap_or_default();
        let end = spans.iter().map(|span| span.end).max().unwrap_or_default();
        Self { start, end }
    }

    /// How much time it covers.
    pub fn nanos(&self) -> u64 {
        self.end.saturating_sub(self.start)
    }

    /// The place of a moment, in percent.
    pub fn left(&self, moment: u64) -> f64 {
        percent(moment.saturating_sub(self.start), self.nanos())
    }

    /// The width of a stretch of time, in percent.
    pub fn width(&self, nanos: u64) -> f64 {
        percent(nanos, self.nanos())
    }

    /// Marks at round times (1, 2 or 5 of a unit), at most `most` steps of them, beginning with 0.
    pub fn ticks(&self, most: u64) -> Vec<Tick> {
        let step = round_step(self.nanos(), most.max(1));
        let times = (0..=self.nanos() / step).map(|index| index * step);
        times
            .map(|time| Tick {
                percent: percent(time, self.nanos()),
                label: duration::format_round(time),
            })
            .collect()
    }
}

/// The nodes that are not inside a collapsed one, in display order.
pub fn visible_rows(tree: &Tree, spans: &[Span], collapsed: &HashSet<Id>) -> Vec<usize> {
    let mut rows = Vec::new();
    let mut index = 0;
    while let Some(node) = tree.nodes().get(index) {
        rows.push(index);
        let is_collapsed = spans
            .get(node.span)
            .is_some_and(|span| collapsed.contains(&span.span_id));
        index = if is_collapsed {
            node.subtree_end
        } else {
            index + 1
        };
    }
    rows
}

fn percent(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        0.0
    } else {
        (part as f64 / whole as f64 * 100.0).min(100.0)
    }
}

fn round_step(nanos: u64, most: u64) -> u64 {
    let mut unit: u64 = 1;
    loop {
        for factor in [1, 2, 5] {
            let step = unit.saturating_mul(factor);
            if step.saturating_mul(most) >= nanos {
                return step;
            }
        }
        unit = unit.saturating_mul(10);
    }
}

#[cfg(test)]
mod tests;
