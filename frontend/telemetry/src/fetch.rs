//! `window.fetch`, wrapped: a CLIENT span for each request, and the trace's context in its headers.
//!
//! **Invariant:** the page gets what `fetch` would have given it: the same response or the same reason, unread and
//! uncloned. Whatever fails in here, the request is made as the page asked for it.

use std::rc::Rc;

use js_sys::{Array, Function};
use opentelemetry::Context;
use throughline_core::{names, server_timing, w3c};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Request, Url, Window};

use crate::http::{self, Open, Rules};
use crate::interaction::turn;
use crate::tracer::Tracer;
use crate::{consent, page};

struct Wrapper {
    rules: Rc<Rules>,
    tracer: Tracer,
    /// [`settle`], for all requests: what a promise that never settles holds is not ours.
    settle: Function,
}

/// Puts the wrapper into its place.
pub(crate) fn install(window: &Window, rules: &Rc<Rules>) {
    let wrapper = Wrapper {
        rules: Rc::clone(rules),
        tracer: Tracer::of(names::scope::FETCH),
        settle: page::function(Box::new(settle)),
    };
    let fetch = move |original: JsValue, this: JsValue, arguments: JsValue| {
        wrapper.fetch(&original, &this, arguments.unchecked_into())
    };
    http::wrap(window, "fetch", Box::new(fetch));
}

// === impl Wrapper ===

impl Wrapper {
    fn fetch(
        &self,
        original: &JsValue,
        this: &JsValue,
        mut arguments: Array,
    ) -> Result<JsValue, JsValue> {
        let request = match consent::is_given() {
            true => self.traced(&mut arguments),
            false => None,
        };
        let result = http::call(original, this, &arguments);
        match (request, result) {
            (Some(request), Ok(promise)) => Ok(self.observe(promise, request)),
            (Some(mut request), Err(thrown)) => {
                failed(&mut request, &thrown);
                Err(thrown)
            }
            (None, result) => result,
        }
    }

    /// Starts the span of a request, and puts the context into its headers, if its origin may have it.
    ///
    /// `fetch(input, init)` begins with `new Request(input, init)` by its specification, so that a request made so, and
    /// then given headers, is the same request. A string can be looked at without that, and is passed on as it is if no
    /// header is added. A `Request` is made one in any case, because its body can be taken only once. What else may say
    /// that it is an address (and may say something else the second time) is left to `fetch`, as is what `Request`
    /// refuses: there is no span for these.
    fn traced(&self, arguments: &mut Array) -> Option<Box<Open>> {
        let (input, init) = (arguments.get(0), arguments.get(1));
        let mut request = None;
        let url = if input.is_string() {
            http::absolute(&input)?
        } else if input.is_instance_of::<Request>() || input.is_instance_of::<Url>() {
            let made = made(&input, &init, arguments)?;
            page::text(request.insert(made), "url")?
        } else {
            return None;
        };
        let target = self.rules.target(&url)?;
        let is_allowed = self.rules.allow(&target);
        if is_allowed && request.is_none() {
            request = Some(made(&input, &init, arguments)?);
        }
        // An untouched call is told about by its `init`.
        let source = request.unwrap_or(init);
        let method = page::text(&source, "method");
        let cx = Context::current();
        let method = method.as_deref().unwrap_or("GET");
        let span = http::start(&self.tracer, &cx, method, &target);
        if is_allowed {
            let headers = page::property(&source, "headers");
            let given = page::call(&headers, "has", w3c::TRACEPARENT, JsValue::UNDEFINED);
            // If the page has set the header itself, all of it is the page's.
            if given == Ok(JsValue::FALSE) {
                // Refused for `no-cors` requests: those go without.
                http::inject(&span, &cx, &|name, value| {
                    drop(page::call(&headers, "set", name, value));
                });
            }
        }
        Some(Open::new(span, source, &url))
    }

    /// Ends the span when the headers of the response are there, or when there will be none. Its body is not ours.
    ///
    /// The promise is that of `then`, not the original: with a second listener beside the page's, a rejection that the
    /// page does not handle would look handled.
    fn observe(&self, promise: JsValue, request: Box<Open>) -> JsValue {
        let then = page::property(&promise, "then");
        if !then.is_function() {
            return promise;
        }
        let number = http::add(request);
        if number == 0.0 {
            return promise;
        }
        // The answer's function gets the number, the failure's its negative; and both the `undefined` of `call`.
        let settle = |number: f64| {
            page::call(&self.settle, "bind", JsValue::UNDEFINED, number).unwrap_or_default()
        };
        let (answered, failed) = (settle(number), settle(-number));
        let observed = page::apply(&then, &promise, answered, failed, JsValue::UNDEFINED);
        observed.unwrap_or_else(|_| {
            drop(http::take(number));
            promise
        })
    }
}

/// The `Request` for these, which becomes the only argument.
fn made(input: &JsValue, init: &JsValue, arguments: &mut Array) -> Option<JsValue> {
    let request = Request::new_with_request_and_init(input.unchecked_ref(), init.unchecked_ref());
    let request = request.ok()?.into();
    *arguments = Array::of1(&request);
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
        } else {
            failed(&mut request, &value);
        }
    }
    if is_answer { Ok(value) } else { Err(value) }
}

fn answered(request: &mut Open, response: &JsValue) {
    let headers = page::property(response, "headers");
    let server_timing = page::call(&headers, "get", server_timing::HEADER, JsValue::UNDEFINED);
    let server_timing = server_timing.unwrap_or_default().as_string();
    let span = &mut request.span;
    http::answer(span, response, server_timing.as_deref());
    if page::is(response, "redirected") {
        http::redirected(span, page::text(response, "url").as_deref());
    }
    #[cfg(feature = "resource-timing")]
    http::timing(request);
}

/// There is no answer: the caller's `abort()`, with whatever reason, or something went wrong, of which a timeout that
/// the caller set is one.
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
