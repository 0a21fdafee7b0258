//! What exchanges of one method and route have in common: described once, and looked up for each of them.

use super::{
    metrics::{Metrics, Series},
    route,
};
use crate::trace::Repeated;
use foldhash::HashMap;
use opentelemetry::StringValue;
use parking_lot::RwLock;
use std::sync::Arc;

/// Combinations of [`Labels`] that are remembered. Routes come from the program, the others have a few values each. What
/// is beyond is described for each exchange.
const MAX_REMEMBERED: usize = 1000;

/// What is known of an exchange when it starts, with few values each.
#[derive(Clone, Debug)]
pub(crate) struct Labels<'a> {
    pub(crate) method: StringValue,
    pub(crate) scheme: &'static str,
    pub(crate) route: Option<&'a str>,
    pub(crate) protocol_version: Option<&'static str>,
}

/// The same, and what follows from it for spans and metrics.
#[derive(Debug)]
pub(crate) struct Described {
    pub(crate) method: StringValue,
    scheme: &'static str,
    protocol_version: Option<&'static str>,
    pub(crate) span_name: String,
    /// Those that their spans start with.
    pub(crate) attributes: Repeated,
    pub(super) series: Series,
}

/// All that were seen by one layer.
#[derive(Debug)]
pub(crate) struct Descriptions {
    metrics: Arc<Metrics>,
    known: RwLock<Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// By the route, which begins with a slash; empty for none. What is hashed comes from the program, not from clients.
    by_route: HashMap<Box<str>, Vec<Arc<Described>>>,
    remembered: usize,
}

// === impl Descriptions ===

impl Descriptions {
    pub(crate) fn new(metrics: Metrics) -> Self {
        Self {
            metrics: Arc::new(metrics),
            known: RwLock::default(),
        }
    }

    pub(crate) fn describe(&self, labels: &Labels<'_>) -> Arc<Described> {
        if let Some(known) = self.known.read().get(labels) {
            return Arc::clone(known);
        }
        let described = Arc::new(Described::new(labels, &self.metrics));
        self.known.write().remember(labels, described)
    }
}

// === impl Known ===

impl Known {
    fn get(&self, labels: &Labels<'_>) -> Option<&Arc<Described>> {
        let of_route = self.by_route.get(labels.route.unwrap_or_default())?;
        of_route.iter().find(|it| it.is_of(labels))
    }

    /// What is known then: another thread may have been first.
    fn remember(&mut self, labels: &Labels<'_>, described: Arc<Described>) -> Arc<Described> {
        if let Some(first) = self.get(labels) {
            return Arc::clone(first);
        }
        if self.remembered < MAX_REMEMBERED {
            self.remembered += 1;
            let route = labels.route.unwrap_or_default();
            let of_route = self.by_route.entry(route.into()).or_default();
            of_route.push(Arc::clone(&described));
        }
        described
    }
}

// === impl Described ===

impl Described {
    fn new(labels: &Labels<'_>, metrics: &Arc<Metrics>) -> Self {
        let series = Series::new(labels, Arc::clone(metrics));
        Self {
            method: labels.method.clone(),
            scheme: labels.scheme,
            protocol_version: labels.protocol_version,
            span_name: route::span_name(labels.method.as_str(), labels.route),
            attributes: Repeated::new(series.attributes().to_vec()),
            series,
        }
    }

    /// Of an exchange of the same route.
    fn is_of(&self, labels: &Labels<'_>) -> bool {
        self.method == labels.method
            && self.scheme == labels.scheme
            && self.protocol_version == labels.protocol_version
    }
}
