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

use js_sys::{Array, Function, Object, Reflect, WeakMap};
use opentelemetry::Context;
use throughline_core::{names, server_timing, w3c};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{EventTarget, Window};

use crate::http::{self, Open, Rules};
use crate::interaction::turn;
use crate::span::Span;
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
    rules: Rc<Rules>,
    tracer: Tracer,
    /// `setRequestHeader` as it was.
    set_header: JsValue,
    /// Of each object what the page has told it since `open`: `method`, `url`, `number` (of the request, once it is
    /// sent), `isTaken` (the page has set `traceparent` itself). They go when the object goes.
    notes: WeakMap,
}

/// Puts the wrappers into their places.
pub(crate) fn install(window: &Window, rules: &Rc<Rules>) {
    let prototype = page::property(&page::property(window, "XMLHttpRequest"), "prototype");
    let wrapper = Rc::new(Wrapper {
        rules: Rc::clone(rules),
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
        let result = http::call(original, this, arguments)?;
        // A request that was under way is given up by this, without an event.
        if let Some(mut request) = self.take(this) {
            http::aborted(&mut request.span);
        }
        let note = Object::new();
        set(&note, "method", &arguments.get(0));
        let url = http::absolute(&arguments.get(1));
        set(&note, "url", &url.map_or(JsValue::UNDEFINED, JsValue::from));
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
        if name.eq_ignore_ascii_case(w3c::TRACEPARENT) {
            set(&self.note(this), "isTaken", &JsValue::TRUE);
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
        if is_sent || !consent::is_given() || page::property(this, "readyState") != OPENED {
            return None;
        }
        let url = page::property(&note, "url").as_string()?;
        let method = page::property(&note, "method").as_string()?;
        let target = self.rules.target(&url)?;
        let cx = Context::current();
        let span = http::start(&self.tracer, &cx, &method, &target);
        if self.rules.allow(&target) && page::property(&note, "isTaken").is_undefined() {
            http::inject(&span, &cx, &|name, value| {
                let header = Array::of2(&JsValue::from_str(name), &JsValue::from_str(value));
                // Refused only where the page's own would be.
                drop(http::call(&self.set_header, this, &header));
            });
        }
        let number = http::add(Open::new(span, JsValue::UNDEFINED, &url));
        set(&note, "number", &JsValue::from_f64(number));
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
        if page::property(&xhr, "readyState") != DONE {
            return;
        }
        let Some(mut request) = self.take(&xhr) else {
            return;
        };
        turn::end_others(request.turn);
        let span = &mut request.span;
        let kind = page::text(event, "type");
        match kind.as_deref() {
            Some("abort") => http::aborted(span),
            Some("timeout") => http::error(span, "TimeoutError"),
            Some("error") => http::error(span, "NetworkError"),
            _ => self.answer(&xhr, span),
        }
        #[cfg(feature = "resource-timing")]
        http::timing(&mut request);
    }

    fn answer(&self, xhr: &JsValue, span: &mut Span) {
        // `getResponseHeader` would complain in the console of a header that another origin does not expose.
        let headers = page::property(xhr, "getAllResponseHeaders");
        let headers = http::call(&headers, xhr, &Array::new()).ok();
        let headers = headers.and_then(|it| it.as_string()).unwrap_or_default();
        let server_timing = headers.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            (name == server_timing::HEADER).then_some(value)
        });
        http::answer(span, xhr, server_timing);
        let end = page::property(xhr, "responseURL").as_string();
        let url = page::property(&self.note(xhr), "url").as_string();
        if end.as_deref() != url.as_deref().map(http::without_fragment) {
            http::redirected(span, end.as_deref());
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

fn set(note: &JsValue, name: &str, value: &JsValue) {
    drop(Reflect::set(note, &JsValue::from_str(name), value));
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
