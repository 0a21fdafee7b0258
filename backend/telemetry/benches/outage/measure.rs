//! Latencies, and what is made of them.

use crate::served::End;
use std::{fmt, time::Duration};

/// In the order of the rounds.
#[derive(Clone, Default)]
pub(crate) struct Latencies(Vec<Duration>);

/// One row.
pub(crate) struct Verdict {
    name: &'static str,
    median: Duration,
    /// Of sick to healthy, in pairs.
    ratio: f64,
    p99: Duration,
    healthy_p99: Duration,
    /// Before and after, in KiB.
    resident: (u64, u64),
    end: End,
}

// === impl Latencies ===

impl Latencies {
    pub(crate) fn push(&mut self, latency: Duration) {
        self.0.push(latency);
    }

    /// `per_cent` of them are shorter.
    fn quantile(&self, per_cent: usize) -> Duration {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        sorted[(sorted.len() - 1) * per_cent / 100]
    }

    /// The median of the ratios of pairs.
    fn ratio_to(&self, others: &Latencies) -> f64 {
        let pairs = self.0.iter().zip(&others.0);
        let mut ratios: Vec<f64> = pairs
            .map(|(one, other)| one.as_secs_f64() / other.as_secs_f64())
            .collect();
        ratios.sort_unstable_by(f64::total_cmp);
        ratios[ratios.len() / 2]
    }
}

// === impl Verdict ===

impl Verdict {
    pub(crate) const HEAD: &str = "receiver             | median    | of pairs |      p99 |   to healthy |   MiB before, after | shutdown | ledger";

    pub(crate) fn new(
        name: &'static str,
        latencies: &Latencies,
        healthy: &Latencies,
        resident: (u64, u64),
        end: End,
    ) -> Self {
        Self {
            name,
            median: latencies.quantile(50),
            ratio: latencies.ratio_to(healthy),
            p99: latencies.quantile(99),
            healthy_p99: healthy.quantile(99),
            resident,
            end,
        }
    }

    pub(crate) fn passes(&self) -> bool {
        self.ratio <= 1.05
            && self.p99 <= self.healthy_p99 + Duration::from_millis(1)
            && self.end.shutdown < Duration::from_secs(2)
            && self.end.adds_up
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = |it: Duration| it.as_secs_f64() * 1e6;
        let mib = |kib: u64| Duration::from_micros(kib).as_secs_f64() * 1e6 / 1024.0;
        write!(
            f,
            "{:20} | {:6.1} µs | {:+6.1} % | {:5.0} µs | {:+9.0} µs | {:8.1} {:9.1} | {:5} ms | {}{}",
            self.name,
            micros(self.median),
            (self.ratio - 1.0) * 100.0,
            micros(self.p99),
            micros(self.p99) - micros(self.healthy_p99),
            mib(self.resident.0),
            mib(self.resident.1),
            self.end.shutdown.as_millis(),
            self.end.ledger,
            if self.passes() {
                ""
            } else {
                "  <- misses the bar"
            },
        )
    }
}
