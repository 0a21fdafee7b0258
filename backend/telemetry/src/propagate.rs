//! The trace context of requests that come in.

use crate::settings;
use http::HeaderMap;
use opentelemetry::{
    Context,
    propagation::{Extractor, Injector, TextMapPropagator, text_map_propagator::FieldIter},
    trace::{SpanContext, TraceContextExt},
};
use std::sync::atomic::{AtomicU8, Ordering};
use throughline_core::w3c::{BAGGAGE, Incoming, RANDOM, W3cPropagator};

/// Reads and writes what `OTEL_PROPAGATORS` names: trace context, baggage, both (the default) or nothing.
#[derive(Clone, Debug)]
pub(crate) struct Propagator {
    w3c: W3cPropagator,
    chosen: Chosen,
}

/// A set of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Chosen(u8);

/// What the process propagates. Like OpenTelemetry's own propagator it is global, and set by the installation.
static OF_THIS_PROCESS: AtomicU8 = AtomicU8::new(Chosen::ALL.0);

// === impl Chosen ===

impl Chosen {
    const TRACE_CONTEXT: u8 = 1;
    const BAGGAGE: u8 = 2;
    pub(crate) const ALL: Self = Self(Self::TRACE_CONTEXT | Self::BAGGAGE);

    /// A list without anything that is known leaves the default.
    pub(crate) fn of(names: Option<&[settings::Propagator]>) -> Self {
        let Some(names) = names.filter(|names| !names.is_empty()) else {
            return Self::ALL;
        };
        let bits = names.iter().map(|name| match name {
            settings::Propagator::TraceContext => Self::TRACE_CONTEXT,
            settings::Propagator::Baggage => Self::BAGGAGE,
            settings::Propagator::None => 0,
        });
        Self(bits.fold(0, |all, bit| all | bit))
    }

    pub(crate) fn set_for_this_process(self) {
        OF_THIS_PROCESS.store(self.0, Ordering::Relaxed);
    }

    fn has(self, header: &str) -> bool {
        let bit = if header == BAGGAGE {
            Self::BAGGAGE
        } else {
            Self::TRACE_CONTEXT
        };
        self.0 & bit != 0
    }
}

// === impl Propagator ===

impl Propagator {
    pub(crate) fn new(chosen: Chosen) -> Self {
        Self {
            w3c: W3cPropagator::new(),
            chosen,
        }
    }

    pub(crate) fn of_this_process() -> Self {
        Self::new(Chosen(OF_THIS_PROCESS.load(Ordering::Relaxed)))
    }
}

impl TextMapPropagator for Propagator {
    fn inject_context(&self, cx: &Context, injector: &mut dyn Injector) {
        let chosen = self.chosen;
        let mut injector = OnlyInto { injector, chosen };
        self.w3c.inject_context(cx, &mut injector);
    }

    fn extract_with_context(&self, cx: &Context, extractor: &dyn Extractor) -> Context {
        let chosen = self.chosen;
        let extractor = OnlyFrom { extractor, chosen };
        self.w3c.extract_with_context(cx, &extractor)
    }

    fn fields(&self) -> FieldIter<'_> {
        self.w3c.fields()
    }
}

struct OnlyInto<'a> {
    injector: &'a mut dyn Injector,
    chosen: Chosen,
}

impl Injector for OnlyInto<'_> {
    fn set(&mut self, key: &str, value: String) {
        if self.chosen.has(key) {
            self.injector.set(key, value);
        }
    }
}

struct OnlyFrom<'a> {
    extractor: &'a dyn Extractor,
    chosen: Chosen,
}

impl Extractor for OnlyFrom<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.extractor.get(key).filter(|_| self.chosen.has(key))
    }

    fn keys(&self) -> Vec<&str> {
        self.extractor.keys()
    }

    fn get_all(&self, key: &str) -> Option<Vec<&str>> {
        self.extractor.get_all(key).filter(|_| self.chosen.has(key))
    }
}

/// The current context with what the request's headers say: the caller's span, and baggage.
pub(crate) fn extract(headers: &HeaderMap) -> Context {
    let current = Context::current();
    Propagator::of_this_process().extract_with_context(&current, &Headers(headers))
}

/// The span of `context` as the outside is told of it: with the random flag of the trace that it continues, which
/// the SDK drops from spans that are not sampled.
pub(crate) fn span_context(context: &Context) -> SpanContext {
    let span = context.span();
    let own = span.span_context();
    let random = context
        .get::<Incoming>()
        .filter(|incoming| incoming.trace_id() == own.trace_id())
        .map(|incoming| incoming.flags() & RANDOM);
    match random {
        None => own.clone(),
        Some(random) => SpanContext::new(
            own.trace_id(),
            own.span_id(),
            own.trace_flags() | random,
            own.is_remote(),
            own.trace_state().clone(),
        ),
    }
}

struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(|name| name.as_str()).collect()
    }

    fn get_all(&self, key: &str) -> Option<Vec<&str>> {
        let values = self.0.get_all(key).iter();
        // What is not text stays in the list as an empty value: two `traceparent`s are two, readable or not.
        let values: Vec<&str> = values.map(|value| value.to_str().unwrap_or("")).collect();
        (!values.is_empty()).then_some(values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use opentelemetry::baggage::BaggageExt;
    use std::collections::HashMap;

    fn read(names: &[settings::Propagator]) -> (bool, bool) {
        let headers = HashMap::from([
            (
                "traceparent".to_owned(),
                "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned(),
            ),
            ("baggage".to_owned(), "a=1".to_owned()),
        ]);
        let propagator = Propagator::new(Chosen::of(Some(names)));
        let cx = propagator.extract_with_context(&Context::new(), &headers);
        let mut written = HashMap::<String, String>::new();
        propagator.inject_context(&cx, &mut written);
        let (trace, baggage) = (cx.has_active_span(), !cx.baggage().is_empty());
        assert_eq!(written.contains_key("traceparent"), trace);
        assert_eq!(written.contains_key("baggage"), baggage);
        (trace, baggage)
    }

    #[test]
    fn only_what_is_named_is_read_and_written() {
        use settings::Propagator::{Baggage, None, TraceContext};
        assert_eq!(read(&[TraceContext, Baggage]), (true, true));
        assert_eq!(read(&[TraceContext]), (true, false));
        assert_eq!(read(&[Baggage]), (false, true));
        assert_eq!(read(&[None]), (false, false));
        assert_eq!(read(&[]), (true, true));
    }
}
