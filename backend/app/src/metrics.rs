//! What the application measures of itself.

use std::{sync::LazyLock, time::Duration};

use throughline_instrument::{
    attribute,
    metrics::{Counter, Gauge, Histogram, meter},
};

/// The name of the meter.
const METER: &str = "rag_admin";

/// Seconds. A check of a password takes a quarter of one.
const BOUNDARIES: [f64; 9] = [0.01, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.5, 5.0];

attribute! {
    /// How a sign-in ended.
    pub(crate) enum Outcome: "outcome" {
        Success = "success",
        /// Not the right person, or not known.
        Refused = "refused",
        /// Too many tries.
        Limited = "limited",
        Failure = "failure",
    }
}

attribute! {
    /// By what somebody signs in.
    pub(crate) enum Method: "method" {
        Password = "password",
        Provider = "provider",
    }
}

static SIGN_INS: LazyLock<Counter<(Outcome, Method)>> = LazyLock::new(|| {
    let about = "Sign-ins, by how they ended.";
    meter(METER).counter("rag_admin.sign_ins", "{sign_in}", about)
});

static SIGN_IN_DURATION: LazyLock<Histogram<(Outcome, Method)>> = LazyLock::new(|| {
    let about = "How long a sign-in takes.";
    meter(METER).histogram("rag_admin.sign_in.duration", "s", about, &BOUNDARIES)
});

static ACTIVE_SESSIONS: LazyLock<Gauge<()>> = LazyLock::new(|| {
    let about = "Sessions that can still be renewed.";
    meter(METER).gauge("rag_admin.sessions.active", "{session}", about)
});

/// Counts a sign-in that took so long.
pub(crate) fn signed_in(outcome: Outcome, method: Method, took: Duration) {
    SIGN_INS.add(1, (outcome, method));
    SIGN_IN_DURATION.record(took.as_secs_f64(), (outcome, method));
}

/// Tells how many sessions there are now.
#[expect(clippy::cast_precision_loss, reason = "nobody counts 2⁵³ sessions")]
pub(crate) fn active_sessions(count: i64) {
    ACTIVE_SESSIONS.record(count as f64, ());
}
