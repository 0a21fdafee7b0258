//! The trace context of requests that come in, and of those that go out.

use crate::settings;
use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::{
    Context, TraceFlags,
    propagation::{Extractor, Injector, TextMapPropagator, text_map_propagator::FieldIter},
    trace::{SpanContext, TraceContextExt},
};
use std::{
    borrow::Cow,
    sync::atomic::{AtomicU8, Ordering},
};
use throughline_core::w3c::{self, Incoming, RANDOM, TraceParent, W3cPropagator};

/// Reads and writes what `OTEL_PROPAGATORS` names: trace context, baggage, both (the default) or nothing.
#[derive(Clone, Debug)]
pub(crate) struct Propagator {
    w3c: W3cPropagator,
    chosen: Chosen,
}

/// A set of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Chosen(u8);

// As a `HeaderMap` has them: a text is parsed for each look.
static TRACEPARENT: HeaderName = HeaderName::from_static(w3c::TRACEPARENT);
static TRACESTATE: HeaderName = HeaderName::from_static(w3c::TRACESTATE);
static BAGGAGE: HeaderName = HeaderName::from_static(w3c::BAGGAGE);

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
        let bit = if header == w3c::BAGGAGE {
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
    let mut context = current.clone();
    let told = [&TRACEPARENT, &BAGGAGE];
    if !headers.keys().any(|name| told.contains(&name)) {
        return context;
    }
    let Propagator { chosen, .. } = Propagator::of_this_process();
    if chosen.has(w3c::TRACEPARENT)
        && let Some(parent) = trace_parent(headers)
    {
        let (caller, incoming) = w3c::caller(parent, &joined(headers, &TRACESTATE));
        context = context.with_remote_span_context(caller);
        // Our spans keep the random flag themselves.
        if incoming.has_state() {
            context = context.with_value(incoming);
        }
    }
    if chosen.has(w3c::BAGGAGE) {
        context = w3c::with_baggage(context, &joined(headers, &BAGGAGE));
    }
    context
}

/// The one `traceparent`. Two are as good as none: nobody can say which of them is right.
fn trace_parent(headers: &HeaderMap) -> Option<TraceParent> {
    let mut values = headers.get_all(&TRACEPARENT).iter();
    match (values.next(), values.next()) {
        (Some(only), None) => TraceParent::from_header(only.to_str().ok()?),
        _ => None,
    }
}

/// All headers of a name, combined in their order (RFC 9110, 5.3). What is not text is empty.
fn joined<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Cow<'a, str> {
    let values = headers.get_all(name).iter();
    let mut values = values.map(|value| value.to_str().unwrap_or_default());
    let first = Cow::Borrowed(values.next().unwrap_or_default());
    values.fold(first, |all, value| all + "," + value)
}

/// `context`, in which a span of another SDK was started below `parent`, with the random flag for those who are told of it:
/// that of a trace that came in stays, and one that began here has random ids (Trace Context, level 2).
pub(crate) fn with_random_flag(context: Context, parent: &Context) -> Context {
    let span = context.span().span_context().clone();
    let random = if parent.span().span_context().is_valid() {
        random_flag(parent)
    } else {
        RANDOM
    };
    let has_it = span.trace_flags() & RANDOM == random;
    let told = context.get::<Incoming>().is_some_and(Incoming::has_state);
    match Incoming::with_flags(&span, random) {
        Some(incoming) if !has_it && !told => context.with_value(incoming),
        _ => context,
    }
}

/// The random flag of the trace of `context`.
fn random_flag(context: &Context) -> TraceFlags {
    let span = context.span();
    let span = span.span_context();
    let incoming = context.get::<Incoming>();
    let incoming = incoming.filter(|it| it.trace_id() == span.trace_id());
    let kept = incoming.map_or(TraceFlags::default(), Incoming::flags);
    (span.trace_flags() | kept) & RANDOM
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
    let Propagator { chosen, .. } = Propagator::of_this_process();
    if chosen.has(w3c::TRACEPARENT)
        && let Some(parent) = TraceParent::of(context.span().span_context())
    {
        let parent = parent.with_flags(parent.flags() | random_flag(context));
        let mut value = Vec::new();
        parent.push_header(&mut value);
        insert(headers, &TRACEPARENT, value);
        // Somebody else's state would be told as this span's.
        headers.remove(&TRACESTATE);
        insert(headers, &TRACESTATE, w3c::tracestate_in(context));
    }
    if chosen.has(w3c::BAGGAGE) && baggage == Baggage::Sent && !headers.contains_key(&BAGGAGE) {
        insert(headers, &BAGGAGE, w3c::baggage(context));
    }
}

fn insert(headers: &mut HeaderMap, name: &HeaderName, value: impl Into<Vec<u8>>) {
    let value = value.into();
    if !value.is_empty()
        && let Ok(value) = HeaderValue::try_from(value)
    {
        headers.insert(name, value);
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
