//! What is logged, and what becomes a span: two questions with two answers.
//!
//! `RUST_LOG` filters logs alone. If it filtered spans too, as a filter on the whole subscriber does, `RUST_LOG=warn`
//! would tear holes into every trace.

use crate::error::EXCEPTION_TARGET;
use tracing::{Level, Metadata, level_filters::LevelFilter};
use tracing_subscriber::{
    EnvFilter,
    filter::{FilterExt, FilterFn},
    layer::Filter,
};

/// Crates that exporters are made of. What they say below a warning would be about our own exports.
const EXPORTERS: [&str; 7] = [
    "opentelemetry",
    "hyper",
    "h2",
    "tonic",
    "tower",
    "reqwest",
    "rustls",
];

/// sqlx's logs of statements, with the values in them. A query's span tells the same without.
const STATEMENTS: &str = "sqlx::query";

/// Which logs there are.
#[derive(Clone, Debug, Default)]
pub(crate) struct LogFilter {
    /// `RUST_LOG`.
    pub(crate) directives: Option<String>,
    /// `OTEL_LOG_LEVEL`: of what this crate logs. `RUST_LOG` wins.
    pub(crate) own_level: Option<LevelFilter>,
}

// === impl LogFilter ===

impl LogFilter {
    /// Logs that are written: by `RUST_LOG`'s directives, `info` without any.
    pub(crate) fn written<S: 'static>(&self) -> impl Filter<S> + use<S> {
        let not_exporters: fn(&Metadata<'_>) -> bool = |metadata| {
            let is_loud = *metadata.level() <= Level::WARN;
            metadata.target() != STATEMENTS && (is_loud || !is_exporter(metadata.target()))
        };
        self.by_directives().and(FilterFn::new(not_exporters))
    }

    /// The same logs without any of the exporters' crates: what is exported is no news of the export.
    pub(crate) fn exported<S: 'static>(&self) -> impl Filter<S> + use<S> {
        let not_exporters: fn(&Metadata<'_>) -> bool =
            |metadata| metadata.target() != STATEMENTS && !is_exporter(metadata.target());
        self.by_directives().and(FilterFn::new(not_exporters))
    }

    fn by_directives(&self) -> EnvFilter {
        let given = self.directives.as_deref().unwrap_or("info");
        let directives = match self.own_level {
            Some(level) => format!("{}={level},{given}", env!("CARGO_CRATE_NAME")),
            None => given.to_owned(),
        };
        EnvFilter::builder()
            .with_default_directive(LevelFilter::INFO.into())
            .parse_lossy(directives)
    }
}

/// `tracing` spans that become OpenTelemetry spans: of level `info` and above. An event of level `error` goes along: it
/// makes the span that it happened in an error. Others are logs, not span events.
pub(crate) fn span_filter() -> FilterFn<fn(&Metadata<'_>) -> bool> {
    let filter: fn(&Metadata<'_>) -> bool = |metadata| {
        let lowest = if metadata.is_span() {
            Level::INFO
        } else {
            Level::ERROR
        };
        *metadata.level() <= lowest
            && !is_exporter(metadata.target())
            && metadata.target() != EXCEPTION_TARGET
    };
    FilterFn::new(filter).with_max_level_hint(LevelFilter::INFO)
}

/// `hyper`, `hyper_util::…`, but not `hyperion`.
fn is_exporter(target: &str) -> bool {
    EXPORTERS.iter().any(|name| {
        target
            .strip_prefix(name)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['_', '-', ':']))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exporters_crates_are_known_by_name() {
        assert!(is_exporter("hyper"));
        assert!(is_exporter("hyper_util::client"));
        assert!(is_exporter("opentelemetry_sdk"));
        assert!(is_exporter("opentelemetry-otlp"));
        assert!(!is_exporter("hyperion"));
        assert!(!is_exporter("my_app::hyper"));
    }
}
