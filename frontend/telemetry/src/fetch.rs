//! `window.fetch`, wrapped: a CLIENT span for each request, and the trace's context in its headers.
//!
//! **Invariant:** the page gets what `fetch` would have given it: the same response or the same reason, unread and
//! uncloned. Whatever fails in here, the request is made as the page asked for it.

mod open;
mod request;

use js_sys::{Function, Promise, Reflect};
use opentelemetry::trace::{Span as _, TraceContextExt};
use opentelemetry::trace::{SpanBuilder, SpanKind, Status, Tracer as _};
use opentelemetry::{Context, KeyValue, Value, global};
use throughline_core::{names, redact, server_timing};
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use web_sys::{Response, Url, Window};

pub(crate) use self::open::end_all;
use self::request::{Request, Target};
use crate::interaction::turn;
use crate::span::Span;
use crate::tracer::Tracer;
use crate::{consent, page};

/// What is traced, and where the context may go.
#[derive(Debug)]
pub(crate) struct Settings {
    /// Requests to these [`address`]es are our own.
    pub(crate) endpoints: Vec<String>,
    /// Origins beside the page's own that get the context, such as `https://api.example.com`.
    pub(crate) propagate_to: Vec<String>,
    /// Requests that are not traced: an address, or the beginning of one and `*`.
    pub(crate) ignore: Vec<String>,
}

fn is_ignored(ignore: &[String], address: &str) -> bool {
    ignore.iter().any(|it| match it.strip_suffix('*') {
        Some(beginning) => address.starts_with(beginning),
        None => address == it,
    })
}

/// An address without its query and fragment: that by which our own requests are known.
pub(crate) fn address(url: &Url) -> String {
    url.origin() + &url.pathname()
}

struct Wrapper {
    original: Function,
    window: Window,
    settings: Settings,
    tracer: Tracer,
}

/// Puts the wrapper into its place.
pub(crate) fn install(window: &Window, original: &Function, settings: Settings) {
    let wrapper = Wrapper {
        original: original.clone(),
        window: window.clone(),
        settings,
        tracer: Tracer::of(names::scope::FETCH),
    };
    // `Fn`: a fetch may be called from within a fetch (by a stub, or by a wrapper around the original).
    let fetch = Closure::<dyn Fn(JsValue, JsValue) -> Result<JsValue, JsValue>>::new(
        move |input: JsValue, init: JsValue| wrapper.fetch(&input, &init),
    );
    if Reflect::set(window, &JsValue::from_str("fetch"), &fetch.into_js_value()) != Ok(true) {
        page::warn("window.fetch cannot be replaced: requests are not traced");
    }
}

// === impl Wrapper ===

impl Wrapper {
    fn fetch(&self, input: &JsValue, init: &JsValue) -> Result<JsValue, JsValue> {
        if !consent::is_given() {
            return self.call(input, init);
        }
        let target = Target::of(&self.window, input, init);
        let is_ours = |url: &Url| {
            self.settings.endpoints.contains(&address(url))
                || is_ignored(&self.settings.ignore, &url.href())
        };
        let Some(target) = target.filter(|it| !is_ours(&it.url)) else {
            return self.call(input, init);
        };
        let mut span = self.start(&target);
        let request = Request::new(input, init);
        let response = match self.carrying(&span, &target, &request) {
            Some(request) => self.original.call1(&self.window, &request),
            None => self.call(input, init),
        };
        match response.map(JsCast::dyn_into::<Promise>) {
            Ok(Ok(promise)) => Ok(observe(&promise, span, request).into()),
            Ok(Err(other)) => Ok(other),
            Err(thrown) => {
                record_failure(&mut span, &thrown, &request);
                Err(thrown)
            }
        }
    }

    /// The request as the page made it.
    fn call(&self, input: &JsValue, init: &JsValue) -> Result<JsValue, JsValue> {
        if init.is_undefined() {
            self.original.call1(&self.window, input)
        } else {
            self.original.call2(&self.window, input, init)
        }
    }

    /// Attributes are set at the start: samplers see nothing else.
    fn start(&self, target: &Target) -> Span {
        let method = names::http::method(&target.method);
        let mut attributes = vec![
            KeyValue::new(names::http::REQUEST_METHOD, method),
            KeyValue::new(names::network::SERVER_ADDRESS, target.url.hostname()),
            KeyValue::new(
                names::url::FULL,
                redact::url(&target.url.href()).into_owned(),
            ),
        ];
        if let Some(port) = target.port() {
            attributes.push(KeyValue::new(names::network::SERVER_PORT, port));
        }
        let known = method != names::http::OTHER_METHOD;
        if !known {
            let original = target.method.clone();
            attributes.push(KeyValue::new(
                names::http::REQUEST_METHOD_ORIGINAL,
                original,
            ));
        }
        let span = SpanBuilder::from_name(if known { method } else { "HTTP" })
            .with_kind(SpanKind::Client)
            .with_attributes(attributes);
        Context::map_current(|cx| self.tracer.build_with_context(span, cx))
    }

    /// The request with the context in its headers, if its origin may have it.
    ///
    /// `fetch(input, init)` begins with `new Request(input, init)` by its specification, so that a request made so, and
    /// then given headers, is the same request.
    fn carrying(&self, span: &Span, target: &Target, request: &Request) -> Option<JsValue> {
        let origin = target.url.origin();
        let own = self
            .window
            .location()
            .origin()
            .is_ok_and(|own| own == origin);
        if !own && !self.settings.propagate_to.contains(&origin) {
            return None;
        }
        let mut carrier = request.carrier()?;
        let cx =
            Context::map_current(|cx| cx.with_remote_span_context(span.span_context().clone()));
        global::get_text_map_propagator(|propagator| propagator.inject_context(&cx, &mut carrier));
        Some(carrier.into_request())
    }
}

/// Ends the span when the headers of the response are there, or when there will be none. Its body is not ours.
///
/// The promise is that of `then`, not the original: with a second listener beside the page's, a rejection that the
/// page does not handle would look handled.
fn observe(promise: &Promise, span: Span, request: Request) -> Promise {
    let turn = turn::number();
    let id = open::add(span, request);
    let on_response = Closure::once_into_js(move |response: JsValue| -> JsValue {
        // An answer is a task of its own: no interaction's turn, but that in which the request was made (a stub's
        // answer may be there at once), can still last.
        turn::end_others(turn);
        if let Some((mut span, _)) = open::take(id) {
            record_response(&mut span, &response);
        }
        response
    });
    let on_failure = Closure::once_into_js(move |reason: JsValue| -> Result<JsValue, JsValue> {
        if let Some((mut span, request)) = open::take(id) {
            record_failure(&mut span, &reason, &request);
        }
        Err(reason)
    });
    then(promise, &on_response, &on_failure).unwrap_or_else(|| promise.clone())
}

/// `promise.then(on_response, on_failure)`, with functions instead of `Closure`s that would have to be kept.
fn then(promise: &Promise, on_response: &JsValue, on_failure: &JsValue) -> Option<Promise> {
    let then: Function = page::property(promise, "then").dyn_into().ok()?;
    then.call2(promise, on_response, on_failure)
        .ok()?
        .dyn_into()
        .ok()
}

fn record_response(span: &mut Span, response: &JsValue) {
    if let Some(response) = response.dyn_ref::<Response>() {
        let status = response.status();
        // An opaque response (`no-cors`) has status 0.
        if status > 0 {
            span.set_attribute(KeyValue::new(
                names::http::RESPONSE_STATUS_CODE,
                Value::I64(status.into()),
            ));
        }
        if status >= 400 {
            span.set_attribute(KeyValue::new(names::error::TYPE, status.to_string()));
            span.set_status(Status::error(""));
        }
        let timing = response.headers().get(server_timing::HEADER).ok().flatten();
        if let Some(server) = timing.as_deref().and_then(server_timing::parse) {
            let id = server.span_id().to_string();
            span.set_attribute(KeyValue::new(names::throughline::SERVER_SPAN_ID, id));
        }
    }
    span.end();
}

/// A request that its caller aborted did not go wrong (semantic conventions, recording errors): no error then.
fn record_failure(span: &mut Span, reason: &JsValue, request: &Request) {
    if request.was_aborted(reason) {
        span.set_attribute(KeyValue::new(names::throughline::FETCH_ABORTED, true));
    } else {
        let class = page::property(reason, "name").as_string();
        let class = class.unwrap_or_else(|| names::error::OTHER.to_owned());
        span.set_attribute(KeyValue::new(names::error::TYPE, class));
        span.set_status(Status::error(""));
    }
    span.end();
}
