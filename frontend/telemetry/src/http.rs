//! What `fetch` and `XMLHttpRequest` share: which requests are traced, their spans, and the headers that carry these on.

mod open;
mod rules;
#[cfg(feature = "resource-timing")]
mod timing;

use std::borrow::Cow;

use js_sys::{Array, Function, Object, Proxy, Reflect};
use opentelemetry::trace::{Span as _, SpanBuilder, SpanKind, Status, Tracer as _};
use opentelemetry::{Context, Key, KeyValue, Value};
use throughline_core::names::{self, http, network, throughline};
use throughline_core::{redact, server_timing, w3c};
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};

pub(crate) use self::open::{Open, add, end_all, take};
#[cfg(any(feature = "xhr", feature = "resource-timing"))]
pub(crate) use self::rules::without_fragment;
pub(crate) use self::rules::{Rules, Settings, Target, absolute};
use crate::page;
use crate::span::Span;
use crate::tracer::Tracer;

/// The attribute for the origin that a redirected request ended at, such as `https://cdn.example.com`. It has no name
/// in the conventions. What `url.full`, `server.address` and `server.port` tell is where the request was sent first.
pub(crate) const REDIRECTED_TO: &str = "throughline.http.redirected_to";

/// Methods that no specification turns into upper case. `fetch` and `open` do so with the others (Fetch, "normalize").
const CASE_SENSITIVE: [&str; 2] = ["PATCH", "QUERY"];

/// Attributes on their way to a span.
#[derive(Debug, Default)]
pub(crate) struct Attributes(Vec<KeyValue>);

/// A JavaScript function of three arguments.
pub(crate) type Callback = dyn Fn(JsValue, JsValue, JsValue) -> Result<JsValue, JsValue>;

/// The function that JavaScript can call any number of times, also from within itself.
pub(crate) fn function(callback: Box<Callback>) -> Function {
    Closure::<Callback>::wrap(callback)
        .into_js_value()
        .unchecked_into()
}

/// Puts a wrapper around `object[name]`. It is called with the function, its `this`, and the array of its arguments.
///
/// A `Proxy` is in all but its calls the function that it is for: its name, length, text and further properties, and
/// how many arguments it was given, are seen unchanged from both sides.
pub(crate) fn wrap(object: &JsValue, name: &str, wrapper: Box<Callback>) {
    let original = page::property(object, name);
    let handler = Object::new();
    let is_set = original.is_function()
        && Reflect::set(&handler, &JsValue::from_str("apply"), &function(wrapper)).is_ok()
        && Reflect::set(
            object,
            &JsValue::from_str(name),
            &Proxy::new(&original, &handler),
        ) == Ok(true);
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

/// The span of a request, a child of the context's. Attributes are set at the start: samplers see nothing else.
pub(crate) fn start(tracer: &Tracer, cx: &Context, method: &str, target: &Target<'_>) -> Span {
    let mut attributes = Attributes::default();
    let known = known(method);
    attributes.text(http::REQUEST_METHOD, known.unwrap_or(http::OTHER_METHOD));
    if known.is_none() {
        attributes.text(http::REQUEST_METHOD_ORIGINAL, method);
    }
    attributes.text(network::SERVER_ADDRESS, target.host);
    attributes.add(network::SERVER_PORT, Value::I64(target.port.into()));
    attributes.text(names::url::FULL, &redact::url(target.url));
    let span = SpanBuilder {
        span_kind: Some(SpanKind::Client),
        name: Cow::Borrowed(known.unwrap_or("HTTP")),
        attributes: Some(attributes.0),
        ..SpanBuilder::default()
    };
    tracer.build_with_context(span, cx)
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

// === impl Attributes ===

impl Attributes {
    #[inline(never)]
    pub(crate) fn text(&mut self, key: &'static str, value: &str) {
        self.add(key, Value::String(value.to_owned().into()));
    }

    #[inline(never)]
    pub(crate) fn add(&mut self, key: &'static str, value: Value) {
        self.0.push(KeyValue::new(Key::from_static_str(key), value));
    }

    /// The class of an error, which makes the span one.
    pub(crate) fn error(&mut self, class: &str) {
        self.text(names::error::TYPE, class);
    }

    /// What a response tells: its status, which is 0 if it is not ours to know (an opaque one), and the server's span.
    pub(crate) fn answer(&mut self, status: &JsValue, server_timing: Option<String>) {
        let status = status.as_f64().unwrap_or_default();
        #[expect(clippy::cast_possible_truncation, reason = "it saturates")]
        let code = status as i64;
        if code > 0 {
            self.add(http::RESPONSE_STATUS_CODE, Value::I64(code));
        }
        if code >= 400 {
            self.error(&digits(code));
        }
        let server = server_timing.as_deref().and_then(server_timing::parse);
        if let Some(server) = server {
            // The span's id in `00-{trace id}-{span id}-03`.
            let id = server.header();
            self.text(
                throughline::SERVER_SPAN_ID,
                id.get(36..52).unwrap_or_default(),
            );
        }
    }

    /// The address at the end of all redirections.
    pub(crate) fn redirected(&mut self, url: Option<String>) {
        if let Some(end) = url.as_deref().and_then(Target::of) {
            self.text(REDIRECTED_TO, end.origin);
        }
    }

    /// A request that its caller aborted did not go wrong (semantic conventions, recording errors): no error then.
    pub(crate) fn aborted(&mut self) {
        self.add(throughline::FETCH_ABORTED, Value::Bool(true));
    }

    /// Ends a span with these.
    #[inline(never)]
    pub(crate) fn end(self, mut span: Span) {
        for attribute in self.0 {
            if attribute.key.as_str() == names::error::TYPE {
                span.set_status(Status::Error {
                    description: Cow::Borrowed(""),
                });
            }
            span.set_attribute(attribute);
        }
        span.end();
    }
}

/// The three digits of a status.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "from 0 to 9"
)]
fn digits(status: i64) -> String {
    let mut digits = String::new();
    for unit in [100, 10, 1] {
        digits.push(char::from(b'0' + (status / unit % 10) as u8));
    }
    digits
}
