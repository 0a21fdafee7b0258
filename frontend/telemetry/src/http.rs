//! What `fetch` and `XMLHttpRequest` share: which requests are traced, their spans, and the headers that carry these on.

mod open;
mod rules;
#[cfg(feature = "resource-timing")]
mod timing;

use js_sys::{Array, Function, Object, Proxy, Reflect};
use opentelemetry::Context;
use opentelemetry::trace::{Span as _, SpanKind, Status};
use throughline_core::names::{self, http, network, throughline};
use throughline_core::{redact, server_timing, w3c};
use wasm_bindgen::{JsCast, JsValue};

pub(crate) use self::open::{Open, add, end_all, take};
#[cfg(any(feature = "xhr", feature = "resource-timing"))]
pub(crate) use self::rules::without_fragment;
pub(crate) use self::rules::{Rules, Settings, Target, absolute};
#[cfg(feature = "resource-timing")]
pub(crate) use self::timing::timing;
use crate::otlp;
use crate::page::{self, Callback};
use crate::span::Span;
use crate::tracer::Tracer;

/// The attribute for the origin that a redirected request ended at, such as `https://cdn.example.com`. It has no name
/// in the conventions. What `url.full`, `server.address` and `server.port` tell is where the request was sent first.
pub(crate) const REDIRECTED_TO: &str = "throughline.http.redirected_to";

/// Methods that no specification turns into upper case. `fetch` and `open` do so with the others (Fetch, "normalize").
const CASE_SENSITIVE: [&str; 2] = ["PATCH", "QUERY"];

/// Puts a wrapper around `object[name]`. It is called with the function, its `this`, and the array of its arguments.
///
/// A `Proxy` is in all but its calls the function that it is for: its name, length, text and further properties, and
/// how many arguments it was given, are seen unchanged from both sides.
pub(crate) fn wrap(object: &JsValue, name: &str, wrapper: Box<Callback>) {
    let original = page::property(object, name);
    let handler = Object::new();
    let is_set = original.is_function()
        && page::set(&handler, "apply", page::function(wrapper))
        && page::set(object, name, Proxy::new(&original, &handler));
    if !is_set {
        page::warn("a function of the page cannot be replaced: its requests are not traced");
    }
}

/// Calls what is wrapped, as the page called it.
pub(crate) fn call(
    original: &JsValue,
    this: &JsValue,
    arguments: &Array,
) -> Result<JsValue, JsValue> {
    Reflect::apply(original.unchecked_ref::<Function>(), this, arguments)
}

/// The span of a request, a child of the context's.
pub(crate) fn start(tracer: &Tracer, cx: &Context, method: &str, target: &Target<'_>) -> Span {
    let known = known(method);
    let name = known.unwrap_or("HTTP");
    let mut span = tracer.start(name, &SpanKind::Client, cx, None);
    span.set_text(http::REQUEST_METHOD, known.unwrap_or(http::OTHER_METHOD));
    if known.is_none() {
        span.set_text(http::REQUEST_METHOD_ORIGINAL, method);
    }
    span.set_text(network::SERVER_ADDRESS, target.host);
    span.set(network::SERVER_PORT, &otlp::int(target.port.into()));
    span.set_text(names::url::FULL, &redact::url(target.url));
    span
}

/// Sets the headers that carry a span's context, and the baggage of the one that it was started in.
pub(crate) fn inject(span: &Span, cx: &Context, set: &dyn Fn(&str, &str)) {
    let context = span.span_context();
    let set = |name, value: String| {
        if !value.is_empty() {
            set(name, &value);
        }
    };
    set(w3c::TRACEPARENT, w3c::traceparent(context));
    set(w3c::TRACESTATE, w3c::tracestate(context));
    #[cfg(feature = "baggage")]
    set(w3c::BAGGAGE, w3c::baggage(cx));
    #[cfg(not(feature = "baggage"))]
    let _ = cx;
}

fn known(method: &str) -> Option<&'static str> {
    http::KNOWN_METHODS.iter().copied().find(|known| {
        method == *known || method.eq_ignore_ascii_case(known) && !CASE_SENSITIVE.contains(known)
    })
}

/// Something went wrong, of this class.
#[inline(never)]
pub(crate) fn error(span: &mut Span, class: &str) {
    span.set_text(names::error::TYPE, class);
    span.set_status(Status::error(""));
}

/// What a response tells: its status, which is 0 if it is not ours to know (an opaque one), and the server's span.
pub(crate) fn answer(span: &mut Span, response: &JsValue, server_timing: Option<&str>) {
    #[expect(clippy::cast_possible_truncation, reason = "it saturates")]
    let code = page::number(response, "status") as i64;
    if code > 0 {
        span.set(http::RESPONSE_STATUS_CODE, &otlp::int(code));
    }
    if code >= 400 {
        error(span, &digits(code));
    }
    let server = server_timing.and_then(server_timing::parse);
    if let Some(server) = server {
        // The span's id in `00-{trace id}-{span id}-03`.
        let id = server.header();
        span.set_text(
            throughline::SERVER_SPAN_ID,
            id.get(36..52).unwrap_or_default(),
        );
    }
}

/// The address at the end of all redirections.
pub(crate) fn redirected(span: &mut Span, url: Option<&str>) {
    if let Some(end) = url.and_then(Target::of) {
        span.set_text(REDIRECTED_TO, end.origin);
    }
}

/// A request that its caller aborted did not go wrong (semantic conventions, recording errors): no error then.
pub(crate) fn aborted(span: &mut Span) {
    span.set(throughline::FETCH_ABORTED, &otlp::bool(true));
}

/// The three digits of a status.
#[expect(clippy::cast_sign_loss, reason = "from 0 to 9")]
fn digits(status: i64) -> String {
    let mut digits = String::new();
    for unit in [100, 10, 1] {
        digits.push(char::from(b'0' + (status / unit % 10) as u8));
    }
    digits
}
