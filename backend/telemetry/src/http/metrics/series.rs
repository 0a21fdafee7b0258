//! The series of exchanges that are alike: what is measured of them looks no attributes up.

use super::{Bound, Metrics};
use crate::http::{
    described::{Described, Labels},
    end::Outcome,
};
use http::StatusCode;
use opentelemetry::{KeyValue, metrics::BoundUpDownCounter};
use std::{
    borrow::Cow,
    sync::{Arc, OnceLock, atomic::Ordering},
    time::Instant,
};
use throughline_core::names;

/// Outcomes whose series are bound, for each [`Series`]: those that are seen first. Others are measured all the same.
const MAX_OUTCOMES: usize = 8;

/// What is measured of exchanges that start alike.
#[derive(Debug)]
pub(crate) struct Series {
    metrics: Arc<Metrics>,
    attributes: Vec<KeyValue>,
    active: BoundUpDownCounter<i64>,
    /// Taken in their order.
    by_outcome: [OnceLock<Ended>; MAX_OUTCOMES],
}

/// What is measured of those that also ended alike.
#[derive(Debug)]
struct Ended {
    status: Option<StatusCode>,
    error_type: Option<Cow<'static, str>>,
    series: Bound,
}

/// An exchange that counts as active until it is dropped.
#[derive(Debug)]
pub(crate) struct Active {
    described: Arc<Described>,
    started: Instant,
}

// === impl Series ===

impl Series {
    pub(crate) fn new(labels: &Labels<'_>, metrics: Arc<Metrics>) -> Self {
        let route = labels.route.map(Arc::<str>::from);
        let version = labels.protocol_version;
        let mut attributes = vec![
            KeyValue::new(names::http::REQUEST_METHOD, labels.method.clone()),
            KeyValue::new(names::url::SCHEME, labels.scheme),
        ];
        let active = metrics.active.bind(&attributes);
        attributes.extend(route.map(|it| KeyValue::new(names::http::ROUTE, it)));
        attributes.extend(version.map(|it| KeyValue::new(names::network::PROTOCOL_VERSION, it)));
        Self {
            metrics,
            attributes,
            active,
            by_outcome: Default::default(),
        }
    }

    /// What all of them have in common.
    pub(crate) fn attributes(&self) -> &[KeyValue] {
        &self.attributes
    }

    fn record(&self, seconds: f64, outcome: &Outcome) {
        // The first place that is of such an outcome, or free.
        let mut places = self.by_outcome.iter().map(|it| it.get().ok_or(it));
        let place = places.find(|it| it.ok().is_none_or(|ended| ended.is_of(outcome)));
        if let Some(Ok(ended)) = place {
            ended.series.record(seconds, outcome);
            return;
        }
        let attributes = self.with(outcome);
        self.metrics.record(seconds, outcome, &attributes);
        if let Some(Err(free)) = place {
            self.bind(free, outcome, &attributes);
        }
    }

    /// Binds what was measured: what is bound is exported, even if nothing ever was.
    fn bind(&self, free: &OnceLock<Ended>, outcome: &Outcome, attributes: &[KeyValue]) {
        let Some(series) = self.metrics.bind(attributes) else {
            return;
        };
        let ended = Ended {
            status: outcome.status,
            error_type: outcome.error_type.clone(),
            series,
        };
        // Another thread may have been first.
        if free.set(ended).is_ok() {
            self.metrics.bound.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn with(&self, outcome: &Outcome) -> Vec<KeyValue> {
        let status = outcome.status.map(|it| i64::from(it.as_u16()));
        let error = outcome.error_type.clone();
        let more = [
            status.map(|it| KeyValue::new(names::http::RESPONSE_STATUS_CODE, it)),
            error.map(|it| KeyValue::new(names::error::TYPE, it)),
        ];
        let attributes = self.attributes.iter().cloned();
        attributes.chain(more.into_iter().flatten()).collect()
    }
}

impl Drop for Series {
    fn drop(&mut self) {
        let bound = self.by_outcome.iter().filter(|it| it.get().is_some());
        self.metrics
            .bound
            .fetch_sub(bound.count(), Ordering::Relaxed);
    }
}

// === impl Ended ===

impl Ended {
    fn is_of(&self, outcome: &Outcome) -> bool {
        self.status == outcome.status && self.error_type == outcome.error_type
    }
}

// === impl Active ===

impl Active {
    /// Counts an exchange as active.
    pub(crate) fn new(described: Arc<Described>) -> Self {
        described.series.active.add(1);
        Self {
            described,
            started: Instant::now(),
        }
    }

    /// Records how the exchange ended, once. It is active until it is dropped.
    pub(crate) fn record(&self, outcome: &Outcome) {
        let seconds = self.started.elapsed().as_secs_f64();
        self.described.series.record(seconds, outcome);
    }
}

impl Drop for Active {
    fn drop(&mut self) {
        self.described.series.active.add(-1);
    }
}
