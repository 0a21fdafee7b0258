//! `XMLHttpRequest`, wrapped: a CLIENT span from `send` until its outcome is known, and the trace's context in its
//! headers.
//!
//! The methods of the prototype are wrapped, so that a subclass, and a wrapper that the page puts around the
//! constructor or the methods, have it too. The page's listeners run in no context: they are callbacks, for
//! [`bind`](crate::bind).
//!
//! **Invariant:** what the page sees of its object is what it would see without us: no property is added, no body or
//! response is read, and whatever fails in here, the request is made.

use std::cell::OnceCell;

use js_sys::{Array, Function, Object};
use opentelemetry::Context;
use throughline_core::{names, server_timing, w3c};
use wasm_bindgen::JsValue;
use web_sys::Window;

use crate::consent;
use crate::http::{self, Open, Propagation, Rules, Target};
use crate::interaction::turn;
use crate::page::{self, Callback};
use crate::tracer::Tracer;

/// The instrumentation scope.
const SCOPE: &str = "throughline.xhr";

/// The events one of which tells how a request ended; `loadend` is for the others having been stopped by the page.
const OUTCOMES: [&str; 5] = ["load", "error", "abort", "timeout", "loadend"];

/// `readyState`: opened, not sent or on its way.
const OPENED: f64 = 1.0;
/// `readyState`: it has its outcome.
const DONE: f64 = 4.0;

const UNDEFINED: JsValue = JsValue::UNDEFINED;

/// For as long as the page lives.
struct Wrapper {
    rules: &'static Rules,
    tracer: Tracer,
    /// `setRequestHeader` as it was.
    set_header: JsValue,
    /// A `WeakMap`: of each object what the page has told it since `open`: `method`, `url`, `number` (of the request, once
    /// it is sent), `address` (that it asks for), `isTaken` (the page has set `traceparent` itself), `baggage` (how many
    /// bytes of it the page has given). They go when the object goes.
    notes: JsValue,
    /// The listener for [`OUTCOMES`]: [`Wrapper::ended`].
    ended: OnceCell<Function>,
}

/// Called with a function, its `this`, and the array of its arguments; or with an event.
type Method = fn(&Wrapper, &JsValue, &JsValue, &JsValue) -> Result<JsValue, JsValue>;

const WRAPPED: [(&str, Method); 3] = [
    ("open", Wrapper::open),
    ("send", Wrapper::send),
    ("setRequestHeader", Wrapper::set_header),
];

/// Puts the wrappers into their places.
pub(crate) fn install(window: &Window, rules: &'static Rules) {
    let prototype = page::property(&page::property(window, "XMLHttpRequest"), "prototype");
    let wrapper: &Wrapper = Box::leak(Box::new(Wrapper {
        rules,
        tracer: Tracer::of(SCOPE),
        set_header: page::property(&prototype, "setRequestHeader"),
        notes: page::construct("WeakMap", &Object::new()).unwrap_or_default(),
        ended: OnceCell::new(),
    }));
    let callback = |method: Method| -> Box<Callback> {
        Box::new(move |first, second, third| method(wrapper, &first, &second, &third))
    };
    let _ = wrapper.ended.set(page::function(callback(Wrapper::ended)));
    for (name, method) in &WRAPPED {
        http::wrap(&prototype, name, callback(*method));
    }
}

// === impl Wrapper ===

impl Wrapper {
    fn open(
        &self,
        original: &JsValue,
        this: &JsValue,
        arguments: &JsValue,
    ) -> Result<JsValue, JsValue> {
        // An object says once what address it is. If it throws, `open` shall see that.
        let address = page::property(arguments, "1");
        if address.is_object() {
            let string = page::global("String");
            if let Ok(text) = page::apply(&string, &UNDEFINED, address, UNDEFINED, UNDEFINED) {
                page::set(arguments, "1", text);
            }
        }
        // A request that has its outcome may be followed by the next one before the event that tells it.
        if page::number(this, "status") > 0.0
            && has_outcome(this)
            && let Some(request) = self.take(this)
        {
            self.outcome(this, request, "load");
        }
        let result = http::call(original, this, arguments)?;
        // A request that was under way is given up by this, without an event.
        if let Some(mut request) = self.take(this) {
            http::aborted(&mut request.span);
        }
        let note = Object::new();
        page::set(&note, "method", page::property(arguments, "0"));
        if let Some(url) = page::text(arguments, "1")
            .as_deref()
            .and_then(page::resolved)
        {
            page::set(&note, "url", page::property(&url, "href"));
        }
        drop(page::call(&self.notes, "set", this, note));
        Ok(result)
    }

    fn set_header(
        &self,
        original: &JsValue,
        this: &JsValue,
        arguments: &JsValue,
    ) -> Result<JsValue, JsValue> {
        let result = http::call(original, this, arguments)?;
        let name = page::text(arguments, "0").unwrap_or_default();
        let note = self.note(this);
        if name.eq_ignore_ascii_case(w3c::TRACEPARENT) {
            page::set(&note, "isTaken", true);
        } else if name.eq_ignore_ascii_case(w3c::BAGGAGE) {
            // The browser joins what is given twice.
            let value = page::text(arguments, "1").unwrap_or_default();
            let given = page::number(&note, "baggage");
            page::set(&note, "baggage", given + value.len() as f64);
        }
        Ok(result)
    }

    fn send(
        &self,
        original: &JsValue,
        this: &JsValue,
        arguments: &JsValue,
    ) -> Result<JsValue, JsValue> {
        let started = self.started(this).is_some();
        let result = http::call(original, this, arguments);
        // A synchronous one that reaches nobody throws, without an event.
        if started
            && let Err(thrown) = &result
            && let Some(mut request) = self.take(this)
        {
            let name = page::text(thrown, "name");
            let class = name.as_deref().unwrap_or(names::error::OTHER);
            http::error(&mut request.span, class);
        }
        result
    }

    /// Starts the span. `None` if there is none, or if `send` is going to refuse.
    fn started(&self, this: &JsValue) -> Option<()> {
        if !consent::is_given() {
            return None;
        }
        let note = self.note(this);
        // Requests are counted from 1 on.
        let is_sent = page::is(&note, "number");
        if is_sent || page::number(this, "readyState") != OPENED {
            return None;
        }
        let target = Target::of(&page::text(&note, "url")?)?;
        let propagation = self.rules.propagation(&target);
        if propagation == Propagation::Untraced {
            return None;
        }
        let method = page::text(&note, "method")?;
        let cx = Context::current();
        let span = http::start(&self.tracer, &cx, &method, &target);
        if propagation != Propagation::Nothing && !page::is(&note, "isTaken") {
            // It always follows redirections.
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a length"
            )]
            let baggage = (propagation == Propagation::TraceAndBaggage)
                .then(|| page::number(&note, "baggage") as usize);
            http::inject(&span, &cx, baggage, &|name, value| {
                let header = Array::of2(&JsValue::from_str(name), &JsValue::from_str(value));
                // Refused only where the page's own would be.
                drop(http::call(&self.set_header, this, &header));
            });
        }
        page::set(&note, "address", target.address.as_str());
        let number = http::add(Open::new(span, UNDEFINED, &target));
        page::set(&note, "number", number);
        // Before the page's listeners, which may use the object for a further request. A listener that is there
        // already is not added again.
        let ended = self.ended.get()?;
        for event in &OUTCOMES {
            page::add_listener(this, event, ended);
        }
        Some(())
    }

    /// An event tells of an outcome.
    fn ended(&self, event: &JsValue, _: &JsValue, _: &JsValue) -> Result<JsValue, JsValue> {
        let xhr = page::property(event, "currentTarget");
        // The page can dispatch such events too.
        if has_outcome(&xhr)
            && let Some(request) = self.take(&xhr)
        {
            turn::end_others(request.turn);
            let kind = page::text(event, "type");
            self.outcome(&xhr, request, kind.as_deref().unwrap_or_default());
        }
        Ok(UNDEFINED)
    }

    /// Ends the span of a request, of which this event tells.
    #[inline(never)]
    fn outcome(&self, xhr: &JsValue, mut request: Box<Open>, event: &str) {
        let span = &mut request.span;
        match event {
            "abort" => return http::aborted(span),
            "timeout" => return http::error(span, "TimeoutError"),
            "error" => return http::error(span, "NetworkError"),
            _ => {}
        }
        // `getResponseHeader` would complain in the console of a header that another origin does not expose.
        let headers = page::ask(xhr, "getAllResponseHeaders", "").as_string();
        let server = headers.as_deref().and_then(server_timing::parse_headers);
        http::answer(span, xhr, server);
        if let Some(end) = page::text(xhr, "responseURL")
            && !end.is_empty()
            && let Some(end) = Target::of(&end)
            && page::property(&self.note(xhr), "address") != end.address.as_str()
        {
            http::redirected(span, &end);
        }
        #[cfg(feature = "resource-timing")]
        http::end(request);
    }

    /// The request that is under way.
    #[inline(never)]
    fn take(&self, xhr: &JsValue) -> Option<Box<Open>> {
        http::take(page::number(&self.note(xhr), "number"))
    }

    fn note(&self, xhr: &JsValue) -> JsValue {
        page::call(&self.notes, "get", xhr, UNDEFINED).unwrap_or_default()
    }
}

#[inline(never)]
fn has_outcome(xhr: &JsValue) -> bool {
    page::number(xhr, "readyState") == DONE
}
