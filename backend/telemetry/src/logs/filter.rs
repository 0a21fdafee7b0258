//! What is logged, and what becomes a span: two questions with two answers.
//!
//! `RUST_LOG` filters logs alone. If it filtered spans too, as a filter on the whole subscriber does, `RUST_LOG=warn`
//! would tear holes into every trace.

use crate::error::EXCEPTION_TARGET;
use tracing::{
    Level, Metadata, Subscriber,
    level_filters::LevelFilter,
    span::{Attributes, Id, Record},
    subscriber::Interest,
};
use tracing_subscriber::{
    EnvFilter, Layer,
    filter::{FilterExt, FilterFn},
    layer::{Context, Filter},
};

/// Crates that exporters are made of, beside those of OpenTelemetry. What they say below a warning would be about our own
/// exports.
const EXPORTERS: [&str; 8] = [
    "hyper",
    "hyper_util",
    "hyper_rustls",
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

/// The outermost layer: what no layer wants, it refuses for all of them.
///
/// Each layer's filter notes its answer for the span or event that follows. The crate `log` asks whether a record is wanted,
/// and `enabled!` does; if none follows, the notes are taken for those of the thread's next span, which is lost. They are
/// thrown away when the outermost layer refuses.
#[derive(Debug)]
pub(crate) struct Wanted<F>(F);

// === impl LogFilter ===

impl LogFilter {
    /// Logs that are written: by `RUST_LOG`'s directives, `info` without any. Of exporters' crates only warnings are, unless
    /// a directive names them.
    pub(crate) fn written<S: 'static>(&self) -> impl Filter<S> + use<S> {
        let named = self.named_targets();
        let not_exporters = move |metadata: &Metadata<'_>| {
            let target = metadata.target();
            let is_loud = *metadata.level() <= Level::WARN;
            let is_named = || named.iter().any(|named| target.starts_with(named));
            target != STATEMENTS && (is_loud || !is_exporter(target) || is_named())
        };
        self.by_directives().and(at_any_level(not_exporters))
    }

    /// The same logs without any of the exporters' crates: what is exported is no news of the export.
    pub(crate) fn exported<S: 'static>(&self) -> impl Filter<S> + use<S> {
        let not_exporters = |metadata: &Metadata<'_>| {
            metadata.target() != STATEMENTS && !is_exporter(metadata.target())
        };
        self.by_directives().and(at_any_level(not_exporters))
    }

    /// What is a log or a span: all that any layer wants.
    pub(crate) fn wanted<S: 'static>(&self) -> Wanted<impl Filter<S> + use<S>> {
        Wanted(span_filter().or(self.written()))
    }

    /// The targets of directives such as `hyper=debug` or `hyper`; not of `debug`, which is a level for all.
    fn named_targets(&self) -> Vec<String> {
        let directives = self.directives.iter().flat_map(|list| list.split(','));
        let names = directives
            .filter(|directive| directive.parse::<LevelFilter>().is_err())
            .filter_map(|directive| directive.split(['=', '[']).next());
        names
            .map(|name| name.trim().to_owned())
            .filter(|name| !name.is_empty())
            .collect()
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

/// A filter without a hint is taken for one of `TRACE`, also beside a stricter one: then all that is said with the crate
/// `log` at any level has to be looked at.
fn at_any_level<F: Fn(&Metadata<'_>) -> bool>(wanted: F) -> FilterFn<F> {
    FilterFn::new(wanted).with_max_level_hint(LevelFilter::TRACE)
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

// === impl Wanted ===

impl<S: Subscriber, F: Filter<S> + 'static> Layer<S> for Wanted<F> {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        self.0.callsite_enabled(metadata)
    }

    fn enabled(&self, metadata: &Metadata<'_>, context: Context<'_, S>) -> bool {
        self.0.enabled(metadata, &context)
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        self.0.on_new_span(attributes, id, context);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        self.0.on_record(id, values, context);
    }

    fn on_enter(&self, id: &Id, context: Context<'_, S>) {
        self.0.on_enter(id, context);
    }

    fn on_exit(&self, id: &Id, context: Context<'_, S>) {
        self.0.on_exit(id, context);
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        self.0.on_close(id, context);
    }
}

/// `tower`, `tower::buffer`, but not `tower_http`.
fn is_exporter(target: &str) -> bool {
    let name = target.split_once("::").map_or(target, |(name, _)| name);
    EXPORTERS.contains(&name) || name.starts_with("opentelemetry")
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
        assert!(!is_exporter("tower_http::trace"));
        assert!(!is_exporter("tower_sessions"));
        assert!(!is_exporter("my_app::hyper"));
    }
}
