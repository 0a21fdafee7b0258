//! Trace and span ids: random, from a state for each thread that the operating system's cryptographic source gives.

use opentelemetry::{SpanId, TraceId};
use std::{
    cell::Cell,
    hash::{BuildHasher as _, RandomState},
};
use throughline_core::ids;

thread_local! {
    /// Of the generator; zeros before it is first used on this thread.
    static STATE: Cell<(u64, u64)> = const { Cell::new((0, 0)) };
}

/// A new trace id: 128 random bits, so that the random flag of `traceparent` is true.
pub(super) fn trace_id() -> TraceId {
    TraceId::from(u128::from(random()) << 64 | u128::from(random()))
}

/// A new span id.
pub(super) fn span_id() -> SpanId {
    SpanId::from(random())
}

fn random() -> u64 {
    let state = match STATE.get() {
        (0, 0) => (draw(), draw()),
        state => state,
    };
    let (random, next) = ids::random(state);
    STATE.set(next);
    random
}

/// 64 bits of the operating system's random source. The standard library's keys of hash maps have that source too.
fn draw() -> u64 {
    getrandom::u64()
        .unwrap_or_else(|_| RandomState::new().hash_one(0))
        .max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{collections::HashSet, thread};

    #[test]
    fn ids_differ_on_all_threads_and_in_all_their_bytes() {
        let made = || -> Vec<TraceId> { (0..1000).map(|_| trace_id()).collect() };
        let threads = [(); 4].map(|()| thread::spawn(made));
        let all: HashSet<_> = threads
            .into_iter()
            .flat_map(|it| it.join().unwrap())
            .collect();
        assert_eq!(all.len(), 4000);
        for byte in 0..16 {
            let values: HashSet<u8> = all.iter().map(|id| id.to_bytes()[byte]).collect();
            assert!(values.len() > 200, "byte {byte} of few values");
        }
    }
}
