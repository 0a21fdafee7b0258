//! Which traces are recorded.
//!
//! Unless something else is said, all of them are, whatever callers decided. What to choose in production, as a ratio for
//! [`Builder::sample_ratio`](crate::Builder::sample_ratio) ([`recommended_ratio`] is this table):
//!
//! | | ratio |
//! |---|---|
//! | in development, or below 100 requests a second | 1.0 |
//! | from 100 to 1000 requests a second | 0.1 |
//! | above | 0.01 |
//!
//! [`RateLimited`] keeps so many traces a second instead, whatever the load.

use crate::propagate;
use opentelemetry::{
    Context, KeyValue, TraceId,
    trace::{Link, SpanKind, TraceContextExt, TraceState},
};
use opentelemetry_sdk::trace::{SamplingDecision, SamplingResult, ShouldSample};
use parking_lot::Mutex;
use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

/// What becomes of a request whose caller does not record its own part of the trace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnsampledCallers {
    /// It is not recorded here either: traces are complete or absent. For callers that are one's own.
    Respect,
    /// It is decided here, as for a request without a caller: what the server does is seen, whatever its callers say.
    #[default]
    Resample,
}

/// Follows the parent, and asks `root` where there is none.
#[derive(Clone, Debug)]
pub(crate) struct ParentBased {
    pub(crate) root: Box<dyn ShouldSample>,
    pub(crate) unsampled_callers: UnsampledCallers,
}

/// Records nothing in exchanges that are not traced, whatever the sampler within says.
#[derive(Clone, Debug)]
pub(crate) struct Traced(pub(crate) Box<dyn ShouldSample>);

/// Records so many traces a second at most: a token bucket that holds those of one second, and one at least.
///
/// By itself it counts every span. It is meant for the start of a trace:
/// [`Builder::sample_per_second`](crate::Builder::sample_per_second) asks it only there.
#[derive(Clone)]
pub struct RateLimited {
    per_second: f64,
    clock: Arc<dyn Fn() -> Duration + Send + Sync>,
    bucket: Arc<Mutex<Bucket>>,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    tokens: f64,
    filled_at: Duration,
}

/// The ratio of the table above. `environment` is that of `deployment.environment.name`.
pub fn recommended_ratio(environment: &str, requests_per_second: f64) -> f64 {
    if environment == "development" || requests_per_second < 100.0 {
        1.0
    } else if requests_per_second <= 1000.0 {
        0.1
    } else {
        0.01
    }
}

// === impl ParentBased ===

impl ShouldSample for ParentBased {
    fn should_sample(
        &self,
        parent: Option<&Context>,
        trace_id: TraceId,
        name: &str,
        kind: &SpanKind,
        attributes: &[KeyValue],
        links: &[Link],
    ) -> SamplingResult {
        let caller = parent.filter(|cx| cx.has_active_span());
        let caller = caller.map(|cx| cx.span().span_context().clone());
        let caller = caller.filter(|caller| caller.is_valid());
        if let Some(caller) = caller {
            let resample = caller.is_remote()
                && !caller.is_sampled()
                && self.unsampled_callers == UnsampledCallers::Resample;
            if !resample {
                return result(caller.is_sampled(), caller.trace_state().clone());
            }
        }
        self.root
            .should_sample(parent, trace_id, name, kind, attributes, links)
    }
}

// === impl Traced ===

impl ShouldSample for Traced {
    fn should_sample(
        &self,
        parent: Option<&Context>,
        trace_id: TraceId,
        name: &str,
        kind: &SpanKind,
        attributes: &[KeyValue],
        links: &[Link],
    ) -> SamplingResult {
        match parent.filter(|parent| propagate::is_untraced(parent)) {
            Some(parent) => result(false, parent.span().span_context().trace_state().clone()),
            None => self
                .0
                .should_sample(parent, trace_id, name, kind, attributes, links),
        }
    }
}

// === impl RateLimited ===

impl RateLimited {
    /// `per_second` of zero, or less, records nothing.
    pub fn new(per_second: f64) -> Self {
        let started = Instant::now();
        Self::with_clock(per_second, move || started.elapsed())
    }

    /// With a clock of one's own: the time since any fixed moment.
    pub fn with_clock(
        per_second: f64,
        clock: impl Fn() -> Duration + Send + Sync + 'static,
    ) -> Self {
        let per_second = if per_second > 0.0 { per_second } else { 0.0 };
        let bucket = Bucket {
            tokens: capacity(per_second),
            filled_at: clock(),
        };
        Self {
            per_second,
            clock: Arc::new(clock),
            bucket: Arc::new(Mutex::new(bucket)),
        }
    }

    fn take(&self) -> bool {
        let now = (self.clock)();
        let mut bucket = self.bucket.lock();
        let waited = now.saturating_sub(bucket.filled_at).as_secs_f64();
        let full = capacity(self.per_second);
        bucket.tokens = (bucket.tokens + waited * self.per_second).min(full);
        bucket.filled_at = now.max(bucket.filled_at);
        let taken = bucket.tokens >= 1.0;
        if taken {
            bucket.tokens -= 1.0;
        }
        taken
    }
}

fn capacity(per_second: f64) -> f64 {
    if per_second > 0.0 {
        per_second.max(1.0)
    } else {
        0.0
    }
}

impl ShouldSample for RateLimited {
    fn should_sample(
        &self,
        parent: Option<&Context>,
        _trace_id: TraceId,
        _name: &str,
        _kind: &SpanKind,
        _attributes: &[KeyValue],
        _links: &[Link],
    ) -> SamplingResult {
        let state = parent.map(|cx| cx.span().span_context().trace_state().clone());
        result(self.take(), state.unwrap_or_default())
    }
}

impl fmt::Debug for RateLimited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RateLimited({} a second)", self.per_second)
    }
}

fn result(sampled: bool, trace_state: TraceState) -> SamplingResult {
    SamplingResult {
        decision: if sampled {
            SamplingDecision::RecordAndSample
        } else {
            SamplingDecision::Drop
        },
        attributes: Vec::new(),
        trace_state,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use opentelemetry::{SpanId, TraceFlags, trace::SpanContext};
    use opentelemetry_sdk::trace::Sampler;
    use std::sync::atomic::{AtomicU64, Ordering};

    fn asked(sampler: &dyn ShouldSample, parent: Option<&Context>) -> bool {
        let kind = SpanKind::Server;
        let result = sampler.should_sample(parent, TraceId::from(1), "GET /", &kind, &[], &[]);
        result.decision == SamplingDecision::RecordAndSample
    }

    fn parent(flags: TraceFlags, is_remote: bool) -> Context {
        let state = TraceState::default();
        let (trace, span) = (TraceId::from(1), SpanId::from(2));
        let span = SpanContext::new(trace, span, flags, is_remote, state);
        Context::new().with_remote_span_context(span)
    }

    fn follows(root: Sampler, unsampled_callers: UnsampledCallers) -> ParentBased {
        ParentBased {
            root: Box::new(root),
            unsampled_callers,
        }
    }

    #[test]
    fn the_table_is_as_it_is_documented() {
        assert_eq!(recommended_ratio("development", 5000.0), 1.0);
        assert_eq!(recommended_ratio("production", 99.0), 1.0);
        assert_eq!(recommended_ratio("production", 100.0), 0.1);
        assert_eq!(recommended_ratio("production", 1000.0), 0.1);
        assert_eq!(recommended_ratio("production", 1001.0), 0.01);
    }

    #[test]
    fn a_caller_that_is_not_sampled_is_respected_or_decided_anew() {
        let unsampled = parent(TraceFlags::default(), true);
        let respect = follows(Sampler::AlwaysOn, UnsampledCallers::Respect);
        assert!(!asked(&respect, Some(&unsampled)));
        let resample = follows(Sampler::AlwaysOn, UnsampledCallers::Resample);
        assert!(asked(&resample, Some(&unsampled)));
        let resample = follows(Sampler::AlwaysOff, UnsampledCallers::Resample);
        assert!(!asked(&resample, Some(&unsampled)));
    }

    #[test]
    fn a_parent_in_this_process_is_always_followed() {
        let resample = follows(Sampler::AlwaysOn, UnsampledCallers::Resample);
        assert!(!asked(
            &resample,
            Some(&parent(TraceFlags::default(), false))
        ));
        let off = follows(Sampler::AlwaysOff, UnsampledCallers::Resample);
        assert!(asked(&off, Some(&parent(TraceFlags::SAMPLED, false))));
        assert!(asked(&off, Some(&parent(TraceFlags::SAMPLED, true))));
        assert!(!asked(&off, None));
    }

    #[test]
    fn so_many_traces_a_second_are_recorded_and_no_more() {
        let millis = Arc::new(AtomicU64::new(0));
        let clock = Arc::clone(&millis);
        let limited = RateLimited::with_clock(2.0, move || {
            Duration::from_millis(clock.load(Ordering::Relaxed))
        });
        let burst = |count| (0..count).filter(|_| asked(&limited, None)).count();
        assert_eq!(burst(10), 2);
        millis.store(500, Ordering::Relaxed);
        assert_eq!(burst(10), 1);
        millis.store(60_000, Ordering::Relaxed);
        assert_eq!(burst(10), 2);
        // A clock that goes back gives nothing.
        millis.store(0, Ordering::Relaxed);
        assert_eq!(burst(10), 0);
    }

    #[test]
    fn a_rate_of_nothing_records_nothing() {
        assert!(!asked(&RateLimited::new(0.0), None));
        assert!(!asked(&RateLimited::new(f64::NAN), None));
        assert!(asked(&RateLimited::new(0.1), None));
    }
}
