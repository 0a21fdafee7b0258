//! `window.fetch`, wrapped: a CLIENT span for each request, and the trace's context in its headers.
//!
//! **Invariant:** the page gets what `fetch` would have given it: the same response or the same reason, unread and
//! uncloned. Whatever fails in here, the request is made as the page asked for it.

use js_sys::Function;
use opentelemetry::Context;
use throughline_core::{names, server_timing, w3c};
use wasm_bindgen::JsValue;
use web_sys::Window;

use crate::http::{self, Open, Propagation, Rules, Target};
use crate::interaction::turn;
use crate::tracer::Tracer;
use crate::{consent, page};

struct Wrapper {
    rules: &'static Rules,
    tracer: Tracer,
    /// [`settle`], for all requests: what a promise that never settles holds is not ours.
    settle: Function,
}

/// Puts the wrapper into its place.
pub(crate) fn install(window: &Window, rules: &'static Rules) {
    let wrapper: &Wrapper = Box::leak(Box::new(Wrapper {
        rules,
        tracer: Tracer::of(names::scope::FETCH),
        settle: page::function(Box::new(settle)),
    }));
    let fetch = |original: JsValue, this: JsValue, arguments: JsValue| {
        wrapper.fetch(&original, &this, &arguments)
    };
    http::wrap(window, "fetch", Box::new(fetch));
}

// === impl Wrapper ===

impl Wrapper {
    fn fetch(
        &self,
        original: &JsValue,
        this: &JsValue,
        arguments: &JsValue,
    ) -> Result<JsValue, JsValue> {
        let request = self.traced(arguments);
        let result = http::call(original, this, arguments);
        let Some(mut request) = request else {
            return result;
        };
        match result {
            Ok(promise) => Ok(self.observe(promise, request)),
            Err(thrown) => {
                failed(&mut request, &thrown);
                Err(thrown)
            }
        }
    }

    /// Starts the span of a request, and puts the context into its headers, if its origin may have it.
    ///
    /// `fetch(input, init)` begins with `new Request(input, init)` by its specification, so that a request made so, and
    /// then given headers, is the same request. A string can be looked at without that, and is passed on as it is if no
    /// header is added. A `Request` is made one in any case, because its body can be taken only once. What else may say
    /// that it is an address (and may say something else the second time) is left to `fetch`, as is what `Request`
    /// refuses: there is no span for these.
    fn traced(&self, arguments: &JsValue) -> Option<Box<Open>> {
        if !consent::is_given() {
            return None;
        }
        let input = page::property(arguments, "0");
        let mut url = input.as_string();
        let is_text = url.is_some();
        for (class, part) in &[("Request", "url"), ("URL", "href")] {
            if url.is_none() && is_a(class, &input) {
                url = page::text(&input, part);
            }
        }
        let target = Target::of(&url?)?;
        let propagation = self.rules.propagation(&target);
        if propagation == Propagation::Untraced {
            return None;
        }
        // What tells about the request: itself, or the `init` of an untouched call.
        let source = if is_text && propagation == Propagation::Nothing {
            page::property(arguments, "1")
        } else {
            made(arguments)?
        };
        let cx = Context::current();
        let method = page::text(&source, "method");
        let method = method.as_deref().unwrap_or("GET");
        let span = http::start(&self.tracer, &cx, method, &target);
        // If the page has set the header itself, all of it is the page's.
        if propagation != Propagation::Nothing && header(&source, w3c::TRACEPARENT).is_none() {
            let stays = cfg!(feature = "baggage")
                && (propagation == Propagation::TraceAndBaggage
                    || page::property(&source, "redirect") != "follow"
                    || page::property(&source, "mode") == "same-origin");
            let baggage = stays.then(|| header(&source, w3c::BAGGAGE).map_or(0, |it| it.len()));
            let headers = page::property(&source, "headers");
            // Refused for `no-cors` requests: those go without.
            http::inject(&span, &cx, baggage, &|name, value| {
                drop(page::call(&headers, "append", name, value));
            });
        }
        Some(Open::new(span, source, &target))
    }

    /// Ends the span when the headers of the response are there, or when there will be none. Its body is not ours.
    ///
    /// The promise is that of `then`, not the original: with a second listener beside the page's, a rejection that the
    /// page does not handle would look handled.
    fn observe(&self, promise: JsValue, request: Box<Open>) -> JsValue {
        let number = http::add(request);
        // The answer's function gets the number, the failure's its negative; and both the `undefined` of `call`.
        let settle = |number: f64| {
            page::call(&self.settle, "bind", JsValue::UNDEFINED, number).unwrap_or_default()
        };
        page::call(&promise, "then", settle(number), settle(-number)).unwrap_or_else(|_| {
            drop(http::take(number));
            promise
        })
    }
}

/// A header of a request or of a response.
#[inline(never)]
fn header(message: &JsValue, name: &str) -> Option<String> {
    let headers = page::property(message, "headers");
    let value = page::call(&headers, "get", name, JsValue::UNDEFINED);
    value.unwrap_or_default().as_string()
}

/// Whether a value is an instance of a class of the page's.
#[inline(never)]
fn is_a(class: &str, value: &JsValue) -> bool {
    let prototype = page::property(&page::global(class), "prototype");
    let is_one = page::call(&prototype, "isPrototypeOf", value, JsValue::UNDEFINED);
    is_one.is_ok_and(|it| it.is_truthy())
}

/// The `Request` for these, which becomes the only argument.
fn made(arguments: &JsValue) -> Option<JsValue> {
    let request = page::construct("Request", arguments).ok()?;
    page::set(arguments, "length", 1);
    page::set(arguments, "0", &request);
    Some(request)
}

/// A [`Callback`](page::Callback): the promise of request `number` has been fulfilled with `value`; of `-number`,
/// rejected.
#[expect(
    clippy::needless_pass_by_value,
    reason = "so they come from JavaScript"
)]
fn settle(number: JsValue, _: JsValue, value: JsValue) -> Result<JsValue, JsValue> {
    let number = number.as_f64().unwrap_or_default();
    let is_answer = number > 0.0;
    if let Some(mut request) = http::take(number.abs()) {
        if is_answer {
            // An answer is a task of its own: no interaction's turn, but that in which the request was made (a stub's
            // answer may be there at once), can still last.
            turn::end_others(request.turn);
            answered(&mut request, &value);
            #[cfg(feature = "resource-timing")]
            http::end(request);
        } else {
            failed(&mut request, &value);
        }
    }
    if is_answer { Ok(value) } else { Err(value) }
}

fn answered(request: &mut Open, response: &JsValue) {
    let span = &mut request.span;
    let server = header(response, server_timing::HEADER);
    let server = server.as_deref().and_then(server_timing::parse);
    http::answer(span, response, server);
    if page::is(response, "redirected")
        && let Some(end) = page::text(response, "url").as_deref().and_then(Target::of)
    {
        http::redirected(span, &end);
    }
}

/// There is no answer: the caller's `abort()`, with whatever reason, or something went wrong, of which a timeout that
/// the caller set is one.
#[inline(never)]
fn failed(request: &mut Open, reason: &JsValue) {
    let name = page::text(reason, "name");
    let class = name.as_deref().unwrap_or(names::error::OTHER);
    let signal = page::property(&request.source, "signal");
    let is_reason = || page::is(&signal, "aborted") && page::property(&signal, "reason") == *reason;
    if class == "AbortError" || class != "TimeoutError" && is_reason() {
        http::aborted(&mut request.span);
    } else {
        http::error(&mut request.span, class);
    }
}
