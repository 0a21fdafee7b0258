//! `XMLHttpRequest`, wrapped: a CLIENT span from `send` until its outcome is known, and the trace's context in its
//! headers.
//!
//! The methods of the prototype are wrapped, so that a subclass, and a wrapper that the page puts around the
//! constructor or the methods, have it too. The page's listeners run in no context: they are callbacks, for
//! [`bind`](crate::bind).
//!
//! **Invariant:** what the page sees of its object is what it would see without us: no property is added, no body or
//! response is read, and whatever fails in here, the request is made.

use std::rc::Rc;

use js_sys::{Array, Function, Object, WeakMap};
use opentelemetry::Context;
use throughline_core::{names, server_timing, w3c};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{EventTarget, Window};

use crate::http::{self, Open, Propagation, Rules, Target};
use crate::interaction::turn;
use crate::tracer::Tracer;
use crate::{consent, page};

/// The instrumentation scope.
const SCOPE: &str = "throughline.xhr";

/// The events one of which tells how a request ended; `loadend` is for the others having been stopped by the page.
const OUTCOMES: [&str; 5] = ["load", "error", "abort", "timeout", "loadend"];

/// `readyState`: opened, not sent or on its way.
const OPENED: f64 = 1.0;
/// `readyState`: it has its outcome.
const DONE: f64 = 4.0;

struct Wrapper {
    rules: &'static Rules,
    tracer: Tracer,
    /// `setRequestHeader` as it was.
    set_header: JsValue,
    /// Of each object what the page has told it since `open`: `method`, `url`, `number` (of the request, once it is
    /// sent), `isTaken` (the page has set `traceparent` itself), `baggage` (how many bytes of it the page has given).
    /// They go when the object goes.
    notes: WeakMap,
}

/// Puts the wrappers into their places.
pub(crate) fn install(window: &Window, rules: &'static Rules) {
    let prototype = page::property(&page::property(window, "XMLHttpRequest"), "prototype");
    let wrapper = Rc::new(Wrapper {
        rules,
        tracer: Tracer::of(SCOPE),
        set_header: page::property(&prototype, "setRequestHeader"),
        notes: WeakMap::new(),
    });
    let ended = {
        let wrapper = Rc::clone(&wrapper);
        page::function(Box::new(move |event, _, _| {
            wrapper.ended(&event);
            Ok(JsValue::UNDEFINED)
        }))
    };
    let sending = Rc::clone(&wrapper);
    let send = move |original: JsValue, this: JsValue, arguments: JsValue| {
        sending.send(&original, &this, arguments.unchecked_ref(), &ended)
    };
    let opening = Rc::clone(&wrapper);
    let open = move |original: JsValue, this: JsValue, arguments: JsValue| {
        opening.open(&original, &this, arguments.unchecked_ref())
    };
    let set_header = move |original: JsValue, this: JsValue, arguments: JsValue| {
        wrapper.set_header(&original, &this, arguments.unchecked_ref())
    };
    http::wrap(&prototype, "open", Box::new(open));
    http::wrap(&prototype, "send", Box::new(send));
    http::wrap(&prototype, "setRequestHeader", Box::new(set_header));
}

// === impl Wrapper ===

impl Wrapper {
    fn open(
        &self,
        original: &JsValue,
        this: &JsValue,
        arguments: &Array,
    ) -> Result<JsValue, JsValue> {
        // An object says once what address it is. If it throws, `open` shall see that.
        let address = arguments.get(1);
        if address.is_object()
            && let Ok(text) = text(&address)
        {
            arguments.set(1, text);
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
        page::set(&note, "method", arguments.get(0));
        let target = arguments.get(1).as_string();
        if let Some(target) = target.as_deref().and_then(Target::of) {
            page::set(&note, "url", target.part("href"));
        }
        self.notes.set(this.unchecked_ref(), &note);
        Ok(result)
    }

    fn set_header(
        &self,
        original: &JsValue,
        this: &JsValue,
        arguments: &Array,
    ) -> Result<JsValue, JsValue> {
        let result = http::call(original, this, arguments)?;
        let name = arguments.get(0).as_string().unwrap_or_default();
        let note = self.note(this);
        if name.eq_ignore_ascii_case(w3c::TRACEPARENT) {
            page::set(&note, "isTaken", true);
        } else if name.eq_ignore_ascii_case(w3c::BAGGAGE) {
            // The browser joins what is given twice.
            let value = arguments.get(1).as_string().unwrap_or_default();
            let given = page::number(&note, "baggage");
            page::set(&note, "baggage", given + value.len() as f64);
        }
        Ok(result)
    }

    fn send(
        &self,
        original: &JsValue,
        this: &JsValue,
        arguments: &Array,
        ended: &Function,
    ) -> Result<JsValue, JsValue> {
        let started = self.started(this, ended).is_some();
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
    fn started(&self, this: &JsValue, ended: &Function) -> Option<()> {
        if !consent::is_given() {
            return None;
        }
        let note = self.note(this);
        let is_sent = !page::property(&note, "number").is_undefined();
        if is_sent || page::property(this, "readyState") != OPENED {
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
        let number = http::add(Open::new(span, JsValue::UNDEFINED, &target));
        page::set(&note, "number", number);
        // Before the page's listeners, which may use the object for a further request. A listener that is there
        // already is not added again.
        let target: &EventTarget = this.unchecked_ref();
        for event in OUTCOMES {
            drop(target.add_event_listener_with_callback_and_bool(event, ended, true));
        }
        Some(())
    }

    fn ended(&self, event: &JsValue) {
        let xhr = page::property(event, "currentTarget");
        // The page can dispatch such events too.
        if !has_outcome(&xhr) {
            return;
        }
        let Some(request) = self.take(&xhr) else {
            return;
        };
        turn::end_others(request.turn);
        let kind = page::text(event, "type");
        self.outcome(&xhr, request, kind.as_deref().unwrap_or_default());
    }

    /// Ends the span of a request, of which this event tells.
    fn outcome(&self, xhr: &JsValue, mut request: Box<Open>, event: &str) {
        match event {
            "abort" => http::aborted(&mut request.span),
            "timeout" => http::error(&mut request.span, "TimeoutError"),
            "error" => http::error(&mut request.span, "NetworkError"),
            _ => {
                self.answer(xhr, &mut request);
                #[cfg(feature = "resource-timing")]
                http::end(request);
            }
        }
    }

    fn answer(&self, xhr: &JsValue, request: &mut Open) {
        let span = &mut request.span;
        // `getResponseHeader` would complain in the console of a header that another origin does not expose.
        let headers = page::property(xhr, "getAllResponseHeaders");
        let headers = http::call(&headers, xhr, &Array::new()).ok();
        let headers = headers.and_then(|it| it.as_string()).unwrap_or_default();
        let server_timing = headers.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            (name == server_timing::HEADER).then_some(value)
        });
        http::answer(span, xhr, server_timing);
        let target = |text: Option<String>| Target::of(&text.filter(|it| !it.is_empty())?);
        let asked = target(page::text(&self.note(xhr), "url"));
        if let Some(end) = target(page::text(xhr, "responseURL"))
            && asked.is_none_or(|it| it.address != end.address)
        {
            http::redirected(span, &end);
        }
    }

    /// The request that is under way.
    fn take(&self, xhr: &JsValue) -> Option<Box<Open>> {
        page::property(&self.note(xhr), "number")
            .as_f64()
            .and_then(http::take)
    }

    fn note(&self, xhr: &JsValue) -> JsValue {
        self.notes.get(xhr.unchecked_ref())
    }
}

fn has_outcome(xhr: &JsValue) -> bool {
    page::property(xhr, "readyState") == DONE
}

/// `String(value)`.
fn text(value: &JsValue) -> Result<JsValue, JsValue> {
    let window = page::window().map_or(JsValue::UNDEFINED, JsValue::from);
    http::call(
        &page::property(&window, "String"),
        &window,
        &Array::of1(value),
    )
}
