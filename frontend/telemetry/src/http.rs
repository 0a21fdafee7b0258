//! What `fetch` and `XMLHttpRequest` share: which requests are traced, their spans, and the headers that carry these on.

mod open;
mod rules;
#[cfg(feature = "resource-timing")]
mod timing;

use js_sys::{Array, Object};
use opentelemetry::Context;
use opentelemetry::trace::{Span as _, SpanKind, Status};
use throughline_core::names::{self, http, network, throughline};
use throughline_core::otlp::Any;
use throughline_core::w3c::{self, TraceParent};
use throughline_core::{hex, redact};
use wasm_bindgen::JsValue;

pub(crate) use self::open::{Open, add, end_all, take};
pub(crate) use self::rules::{Propagation, Rules, Settings, Target, add as add_rule};
#[cfg(feature = "resource-timing")]
pub(crate) use self::timing::end;
use crate::page::{self, Callback};
use crate::span::Span;
use crate::tracer::Tracer;

/// The attribute for the origin that a redirected request ended at, such as `https://cdn.example.com`. It has no name
/// in the conventions. What `url.full`, `server.address` and `server.port` tell is where the request was sent first.
pub(crate) const REDIRECTED_TO: &str = "throughline.http.redirected_to";

/// Puts a wrapper around `object[name]`. It is called with the function, its `this`, and the array of its arguments.
///
/// A `Proxy` is in all but its calls the function that it is for: its name, length, text and further properties, and
/// how many arguments it was given, are seen unchanged from both sides.
pub(crate) fn wrap(object: &JsValue, name: &str, wrapper: Box<Callback>) {
    let original = page::property(object, name);
    let handler = Object::new();
    let is_set = original.is_function()
        && page::set(&handler, "apply", page::function(wrapper))
        && page::construct("Proxy", &Array::of2(&original, &handler))
            .is_ok_and(|proxy| page::set(object, name, proxy));
    if !is_set {
        page::warn("the requests of this page cannot be traced");
    }
}

/// Calls what is wrapped, as the page called it.
pub(crate) fn call(
    original: &JsValue,
    this: &JsValue,
    arguments: &JsValue,
) -> Result<JsValue, JsValue> {
    page::apply(
        &page::property(&page::global("Reflect"), "apply"),
        &JsValue::UNDEFINED,
        original.clone(),
        this.clone(),
        arguments.clone(),
    )
}

/// The span of a request, a child of the context's.
///
/// Methods are known in any case, as `fetch` and `open` know most of them; what was said is told if it is not the same.
#[inline(never)]
pub(crate) fn start(tracer: &Tracer, cx: &Context, method: &str, target: &Target) -> Span {
    let mut known = http::KNOWN_METHODS.iter();
    let known = known.find(|it| it.eq_ignore_ascii_case(method));
    let (name, known) = known.map_or(("HTTP", http::OTHER_METHOD), |it| (*it, *it));
    let mut span = tracer.start(name, &SpanKind::Client, cx, None);
    span.set_text(http::REQUEST_METHOD, known);
    if known != method {
        span.set_text(http::REQUEST_METHOD_ORIGINAL, method);
    }
    span.set_text(network::SERVER_ADDRESS, &target.part("hostname"));
    span.set(network::SERVER_PORT, &Any::Int(target.port()));
    span.set_text(names::url::FULL, &redact::url(&target.part("href")));
    span
}

/// Adds the headers that carry a span's context. With `baggage`, that of the context that the span was started in goes
/// too; it is how many bytes of it the page has given itself.
#[inline(never)]
pub(crate) fn inject(span: &Span, cx: &Context, baggage: Option<usize>, add: &dyn Fn(&str, &str)) {
    let context = span.span_context();
    let add = |name, value: String| {
        if !value.is_empty() {
            add(name, &value);
        }
    };
    add(w3c::TRACEPARENT, w3c::traceparent(context));
    add(w3c::TRACESTATE, w3c::tracestate(context));
    #[cfg(feature = "baggage")]
    if let Some(given) = baggage {
        add(w3c::BAGGAGE, w3c::baggage_beside(cx, given));
    }
    #[cfg(not(feature = "baggage"))]
    let _ = (cx, baggage);
}

/// Nobody waits for the timings of a request any more.
pub(crate) fn end_waiting() {
    #[cfg(feature = "resource-timing")]
    timing::end_waiting();
}

/// Something went wrong, of this class.
#[inline(never)]
pub(crate) fn error(span: &mut Span, class: &str) {
    span.set_text(names::error::TYPE, class);
    span.set_status(Status::error(""));
}

/// What a response tells: its status, which is 0 if it is not ours to know (an opaque one), and the server's span.
pub(crate) fn answer(span: &mut Span, response: &JsValue, server: Option<TraceParent>) {
    #[expect(clippy::cast_possible_truncation, reason = "it saturates")]
    let code = page::number(response, "status") as i64;
    if code > 0 {
        span.set(http::RESPONSE_STATUS_CODE, &Any::Int(code));
    }
    if (400..1000).contains(&code) {
        // A hexadecimal digit for each decimal one.
        let digits = (code / 100) << 8 | (code / 10 % 10) << 4 | (code % 10);
        let mut class = String::new();
        hex::push_number(&mut class, digits.unsigned_abs(), 3);
        error(span, &class);
    }
    if let Some(server) = server {
        let mut id = String::new();
        server.push_span_id(&mut id);
        span.set_text(throughline::SERVER_SPAN_ID, &id);
    }
}

/// The address at the end of all redirections.
pub(crate) fn redirected(span: &mut Span, end: &Target) {
    span.set_text(REDIRECTED_TO, &end.part("origin"));
}

/// A request that its caller aborted did not go wrong (semantic conventions, recording errors): no error then.
pub(crate) fn aborted(span: &mut Span) {
    span.set(throughline::FETCH_ABORTED, &Any::Bool(true));
}
