//! The trace context of requests that come in, and of those that go out.

use crate::settings;
use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::{
    Context,
    propagation::{Extractor, Injector, TextMapPropagator, text_map_propagator::FieldIter},
    trace::{Span, SpanContext, TraceContextExt},
};
use std::{
    borrow::Cow,
    sync::atomic::{AtomicU8, Ordering},
};
use throughline_core::w3c::{self, BAGGAGE, Incoming, RANDOM, W3cPropagator};

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
        self.w3c.inject_context(&told(cx), &mut injector);
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

/// Whether a server is told the application's own values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Baggage {
    Sent,
    Withheld,
}

/// `current` with what the request's headers say: the caller's span, and baggage.
pub(crate) fn extract(current: &Context, headers: &HeaderMap) -> Context {
    Propagator::of_this_process().extract_with_context(current, &Headers(headers))
}

/// In a context in which nothing is recorded: its caller, whom those are told of whom it calls.
#[derive(Debug)]
struct Untraced(SpanContext);

/// The context of `caller` for what is not to be recorded.
pub(crate) fn untraced(caller: &Context) -> Context {
    caller.with_value(Untraced(caller.span().span_context().clone()))
}

/// Whether nothing is recorded in `context`.
pub(crate) fn is_untraced(context: &Context) -> bool {
    context.get::<Untraced>().is_some()
}

/// `context` as the outside is told of it: not of spans that are not recorded for that reason.
fn told(context: &Context) -> Cow<'_, Context> {
    match context.get() {
        Some(Untraced(caller)) if caller.is_valid() => {
            Cow::Owned(context.with_remote_span_context(caller.clone()))
        }
        _ => Cow::Borrowed(context),
    }
}

/// Names the span of `context` in the headers of a request that goes out. Without a span, they stay as they are, but for
/// the baggage.
///
/// A `baggage` header that the application wrote itself is left to it.
pub(crate) fn inject(context: &Context, headers: &mut HeaderMap, baggage: Baggage) {
    let context = &*told(context);
    let chosen = Propagator::of_this_process().chosen;
    let parent = w3c::traceparent(&span_context(context));
    let names_parent = !parent.is_empty() && chosen.has(w3c::TRACEPARENT);
    if names_parent {
        // Somebody else's state would be told as this span's.
        headers.remove(w3c::TRACESTATE);
    }
    let propagator = W3cPropagator::new();
    let propagator = if baggage == Baggage::Withheld || headers.contains_key(w3c::BAGGAGE) {
        propagator.without_baggage()
    } else {
        propagator
    };
    let mut outgoing = Outgoing(headers);
    let injector = &mut outgoing;
    propagator.inject_context(context, &mut OnlyInto { injector, chosen });
    if names_parent {
        outgoing.set(w3c::TRACEPARENT, parent);
    }
}

/// `parent` with a span that was started in it. After a shutdown there are no more spans: then the caller's stays.
///
/// A trace that begins with it has an id of which all bytes are random. The SDK does not say so, although Trace Context
/// (level 2, random-trace-id flag) asks for it: the context does from here on, to every client that asks the propagator.
pub(crate) fn with_span(parent: &Context, span: impl Span + Send + Sync + 'static) -> Context {
    let caller = parent.span();
    if !span.span_context().is_valid() && caller.span_context().is_remote() {
        return parent.clone();
    }
    let root =
        (!caller.span_context().is_valid()).then(|| Incoming::of_random_root(span.span_context()));
    let context = parent.with_span(span);
    match root.flatten() {
        Some(root) => context.with_value(root),
        None => context,
    }
}

/// The span of `context` as the outside is told of it: with the random flag, which the SDK does not keep.
///
/// A trace that came in keeps the flag that it came with. One that began here has it: the SDK's ids are random (level 2,
/// "random trace id flag").
pub(crate) fn span_context(context: &Context) -> SpanContext {
    let span = context.span();
    let own = span.span_context();
    let came_in = context
        .get::<Incoming>()
        .filter(|incoming| incoming.trace_id() == own.trace_id());
    let random = match came_in {
        Some(incoming) => incoming.flags() & RANDOM,
        None if own.is_valid() && !own.is_remote() => RANDOM,
        None => return own.clone(),
    };
    SpanContext::new(
        own.trace_id(),
        own.span_id(),
        own.trace_flags() | random,
        own.is_remote(),
        own.trace_state().clone(),
    )
}

struct Headers<'a>(&'a HeaderMap);

/// Their names as a `HeaderMap` has them: a text is parsed for each look.
static PROPAGATED: [HeaderName; 3] = [
    HeaderName::from_static(w3c::TRACEPARENT),
    HeaderName::from_static(w3c::TRACESTATE),
    HeaderName::from_static(w3c::BAGGAGE),
];

struct Outgoing<'a>(&'a mut HeaderMap);

impl Injector for Outgoing<'_> {
    fn set(&mut self, key: &str, value: String) {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(key), HeaderValue::try_from(value)) {
            self.0.insert(name, value);
        }
    }
}

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(|name| name.as_str()).collect()
    }

    fn get_all(&self, key: &str) -> Option<Vec<&str>> {
        let values = match PROPAGATED.iter().find(|name| name.as_str() == key) {
            Some(name) => self.0.get_all(name).iter(),
            None => self.0.get_all(key).iter(),
        };
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
