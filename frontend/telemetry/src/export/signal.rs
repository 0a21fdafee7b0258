//! The kinds of telemetry, and where each goes.

/// What kind of telemetry something is. Each has a queue of its own; the quota of the network they share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Signal {
    /// Spans, to `/v1/traces`.
    Traces,
    /// Log records and events, to `/v1/logs`.
    Logs,
    /// Metrics, to `/v1/metrics`.
    Metrics,
}

// === impl Signal ===

impl Signal {
    pub(crate) const ALL: [Self; 3] = [Self::Traces, Self::Logs, Self::Metrics];

    /// Where it goes, at the collector of this address.
    pub(crate) fn address(self, collector: &str) -> String {
        let mut address = collector.to_owned();
        address.push_str(self.path());
        address
    }

    /// What OTLP/HTTP adds to the address of a collector.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Traces => "/v1/traces",
            Self::Logs => "/v1/logs",
            Self::Metrics => "/v1/metrics",
        }
    }
}
