//! Which traces are recorded.
//!
//! A ratio is kept by the consistent rule of W3C Trace Context level 2 and OpenTelemetry's probability sampling: the
//! last 56 bits of the trace id (or `rv` of the `tracestate`, which a session's traces share) are at or above a
//! threshold, and the threshold travels on as `ot=th:…`, so that every counter downstream knows what one span stands for.

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;

use std::cell::Cell;
use std::fmt;

use opentelemetry::trace::{SpanContext, TraceId, TraceState};
use throughline_core::hex;

/// Which traces are recorded and sent. What is not sampled is not recorded; its context still travels, with flags `00`,
/// and what a server does with such a request is the server's to say.
///
/// Every sampler but [`Sampler::ALWAYS_ON`] and [`Sampler::ALWAYS_OFF`] as they stand is best made
/// [`parent_based`](Self::parent_based), as the default is: [`Sampler::ALWAYS_ON`] with respect for the parent.
#[derive(Clone, Copy)]
pub struct Sampler {
    /// What decides, so that a page has the code of the one it uses.
    rule: Rule,
    ratio: f64,
    respects_parent: bool,
}

/// Decides about a trace by a ratio. The `tracestate` is that of a remote parent.
type Rule = fn(f64, TraceId, TraceState) -> (bool, TraceState);

/// The digits of the random bits, four each.
const DIGITS: u32 = 14;
/// OpenTelemetry's member of the `tracestate`.
const KEY: &str = "ot";

/// 2⁵⁶: how many values the random bits of a trace id have.
const RANGE: u64 = 1 << 56;

thread_local! {
    static SAMPLER: Cell<Sampler> = const { Cell::new(Sampler::ALWAYS_ON.parent_based()) };
}

pub(crate) fn set(sampler: Sampler) {
    SAMPLER.set(sampler);
}

/// Whether a span of this trace is recorded, and the `tracestate` that its context has.
/// A root has a parent that is not valid.
pub(crate) fn decide(trace_id: TraceId, parent: &SpanContext) -> (bool, TraceState) {
    SAMPLER.get().decide(trace_id, parent)
}

// === impl Sampler ===

impl Sampler {
    /// Records everything.
    pub const ALWAYS_ON: Self = Self::of(|_, _, state| (true, state), 1.0);
    /// Records nothing.
    pub const ALWAYS_OFF: Self = Self::of(|_, _, state| (false, state), 0.0);

    /// Records this share of the traces, from 0 to 1, each decided by its id (`TraceIdRatioBased`). A ratio below 0 or
    /// that is no number counts as 0, one above 1 as 1.
    pub const fn trace_id_ratio(ratio: f64) -> Self {
        Self::of(
            |ratio, id, state| by_ratio(ratio, randomness(id), None, &state),
            ratio,
        )
    }

    /// Records this share of the sessions, from 0 to 1: a session is traced whole or not at all.
    #[cfg(feature = "session")]
    pub const fn session_ratio(ratio: f64) -> Self {
        Self::of(
            |ratio, _, state| {
                let shared = crate::session::randomness();
                by_ratio(ratio, shared, Some(shared), &state)
            },
            ratio,
        )
    }

    /// Decides about roots only: every other span is sampled as its parent is.
    #[must_use]
    pub const fn parent_based(mut self) -> Self {
        self.respects_parent = true;
        self
    }

    const fn of(rule: Rule, ratio: f64) -> Self {
        Self {
            rule,
            ratio,
            respects_parent: false,
        }
    }

    fn decide(self, trace_id: TraceId, parent: &SpanContext) -> (bool, TraceState) {
        let state = parent.trace_state().clone();
        // Within the page the root has decided for all.
        if parent.is_valid() && (self.respects_parent || !parent.is_remote()) {
            (parent.is_sampled(), state)
        } else {
            (self.rule)(self.ratio, trace_id, state)
        }
    }
}

impl fmt::Debug for Sampler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sampler")
    }
}

fn by_ratio(
    ratio: f64,
    randomness: u64,
    explicit: Option<u64>,
    state: &TraceState,
) -> (bool, TraceState) {
    let threshold = threshold(ratio);
    let is_sampled = randomness >= threshold;
    let mut text = String::new();
    if is_sampled && threshold > 0 {
        let mut digits = String::new();
        hex::push_number(&mut digits, threshold, DIGITS);
        // It is not 0, so that it ends with its last digit that is none.
        let zeros = threshold.trailing_zeros() / 4;
        text.push_str("th:");
        text.push_str(digits.get(..(DIGITS - zeros) as usize).unwrap_or_default());
    }
    if let Some(explicit) = explicit {
        text.push_str(if text.is_empty() { "rv:" } else { ";rv:" });
        hex::push_number(&mut text, explicit, DIGITS);
    }
    // What is ours comes first. (The API's `insert` and `delete` are as much code as all of this.)
    let mut members: Vec<(&str, &str)> = Vec::new();
    if !text.is_empty() {
        members.push((KEY, &text));
    }
    for (key, value) in state {
        if key != KEY {
            members.push((key, value));
        }
    }
    let state = TraceState::from_key_value(members);
    (is_sampled, state.unwrap_or_default())
}

/// What the random bits must reach: 0 for everything, [`RANGE`] for nothing.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "from 0 to 2⁵⁶; NaN becomes 0"
)]
fn threshold(ratio: f64) -> u64 {
    let kept = (ratio * RANGE as f64) as u64;
    RANGE - kept.min(RANGE)
}

/// The 56 bits of a trace id that are random (W3C Trace Context level 2).
fn randomness(trace_id: TraceId) -> u64 {
    let [.., a, b, c, d, e, f, g, h] = trace_id.to_bytes();
    u64::from_be_bytes([a, b, c, d, e, f, g, h]) & (RANGE - 1)
}
