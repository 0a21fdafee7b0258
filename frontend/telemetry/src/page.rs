//! The few calls into the page that several modules need.

use std::time::Duration;

use js_sys::{Function, Reflect};
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use web_sys::{Event, EventTarget, Url, Window};

/// Whether there is JavaScript. A server that renders the page links the client too, and runs code that calls it: there
/// it must do nothing, and no import of JavaScript can be called.
pub(crate) const IS_BROWSER: bool = cfg!(target_arch = "wasm32");

/// The page's window, or `None` in a worker.
pub(crate) fn window() -> Option<Window> {
    IS_BROWSER.then(web_sys::window)?
}

/// What JavaScript can call. All have one type, because each type costs an export with a long name.
pub(crate) type Callback = dyn Fn(JsValue, JsValue, JsValue) -> Result<JsValue, JsValue>;

/// The function that JavaScript can call any number of times, also from within itself.
#[inline(never)]
pub(crate) fn function(callback: Box<Callback>) -> Function {
    Closure::<Callback>::wrap(callback)
        .into_js_value()
        .unchecked_into()
}

/// A function without arguments.
pub(crate) fn callback(callback: impl Fn() + 'static) -> Function {
    function(Box::new(move |_, _, _| {
        callback();
        Ok(JsValue::UNDEFINED)
    }))
}

/// Tells the developer, who may see it in the console. Nobody else hears of our failures.
#[inline(never)]
pub(crate) fn warn(text: &str) {
    if IS_BROWSER {
        let console = property(&js_sys::global(), "console");
        drop(call(&console, "warn", "throughline:", text));
    }
}

/// Listens for as long as the page lives, before all listeners that do not capture.
///
/// The handler is `Fn`: an event may be dispatched from within a handler of the same event.
pub(crate) fn listen(target: &EventTarget, event: &str, handler: impl Fn(Event) + 'static) {
    add_listener(
        target,
        event,
        Box::new(move |event, _, _| {
            handler(event.unchecked_into());
            Ok(JsValue::UNDEFINED)
        }),
    );
}

fn add_listener(target: &JsValue, event: &str, handler: Box<Callback>) {
    let add = property(target, "addEventListener");
    let handler = function(handler).into();
    let added = apply(&add, target, event.into(), handler, JsValue::TRUE);
    if added.is_err() {
        warn("cannot listen to the page");
    }
}

/// Calls a method with two arguments; with `undefined` for one that is not wanted.
///
/// Everything that is not called often goes through here: a binding of its own for each would be an import each.
pub(crate) fn call(
    object: &JsValue,
    method: &str,
    first: impl Into<JsValue>,
    second: impl Into<JsValue>,
) -> Result<JsValue, JsValue> {
    let method = property(object, method);
    apply(
        &method,
        object,
        first.into(),
        second.into(),
        JsValue::UNDEFINED,
    )
}

/// Calls a function.
#[inline(never)]
pub(crate) fn apply(
    function: &JsValue,
    this: &JsValue,
    first: JsValue,
    second: JsValue,
    third: JsValue,
) -> Result<JsValue, JsValue> {
    if !function.is_function() {
        return Err(JsValue::UNDEFINED);
    }
    let function: &Function = function.unchecked_ref();
    function.call3(this, &first, &second, &third)
}

/// The `URL` that the browser makes of an address in the page. `None` if it is none.
pub(crate) fn resolved(address: &str) -> Option<JsValue> {
    let document = property(&js_sys::global(), "document");
    let base = text(&document, "baseURI")?;
    Some(Url::new_with_base(address, &base).ok()?.into())
}

/// A part of the page's own address.
pub(crate) fn location(part: &str) -> Option<String> {
    text(&property(&js_sys::global(), "location"), part)
}

/// Whether nobody can see the page.
pub(crate) fn is_hidden() -> bool {
    let document = property(&js_sys::global(), "document");
    property(&document, "visibilityState") == "hidden"
}

/// A property of a JavaScript object, or `undefined`. Never throws.
#[inline(never)]
pub(crate) fn property(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED)
}

/// A property that is a text.
#[inline(never)]
pub(crate) fn text(object: &JsValue, name: &str) -> Option<String> {
    property(object, name).as_string()
}

/// A property that is a number, else 0.
#[inline(never)]
pub(crate) fn number(object: &JsValue, name: &str) -> f64 {
    property(object, name).as_f64().unwrap_or_default()
}

/// Whether a property is true, or as good as that.
#[inline(never)]
pub(crate) fn is(object: &JsValue, name: &str) -> bool {
    property(object, name).is_truthy()
}

/// Sets a property of a JavaScript object.
pub(crate) fn set(object: &JsValue, name: &str, value: impl Into<JsValue>) -> bool {
    set_value(object, name, value.into())
}

#[inline(never)]
#[expect(clippy::needless_pass_by_value, reason = "it is dropped in one place")]
fn set_value(object: &JsValue, name: &str, value: JsValue) -> bool {
    Reflect::set(object, &JsValue::from_str(name), &value).unwrap_or(false)
}

/// From 0 to 1, for the jitter of retries. Ids have a better source.
#[expect(
    clippy::cast_possible_truncation,
    reason = "24 bits are plenty for jitter"
)]
pub(crate) fn random() -> f32 {
    js_sys::Math::random() as f32
}

/// One `setTimeout` that is brought forward, never doubled.
#[derive(Debug)]
pub(crate) struct Timer {
    callback: Function,
    armed: Option<(JsValue, Duration)>,
}

// === impl Timer ===

impl Timer {
    pub(crate) fn new(on_time: impl Fn() + 'static) -> Self {
        Self {
            callback: callback(on_time),
            armed: None,
        }
    }

    /// Calls back at the monotonic time `at`, or earlier if an earlier time was asked for before: the callback looks
    /// for itself whether there is something to do. `now` is that clock's time.
    pub(crate) fn set(&mut self, at: Option<Duration>, now: Duration) {
        let Some(at) = at else { return };
        if self.armed.as_ref().is_some_and(|(_, armed)| *armed <= at) {
            return;
        }
        let page = js_sys::global();
        if let Some((id, _)) = self.armed.take() {
            drop(call(&page, "clearTimeout", id, JsValue::UNDEFINED));
        }
        // One more millisecond: a timer that fires early by rounding would only have to be set again.
        let delay = at.saturating_sub(now).as_secs_f64() * 1e3 + 1.0;
        let id = call(&page, "setTimeout", &self.callback, delay);
        self.armed = id.ok().map(|id| (id, at));
    }

    /// It has fired.
    pub(crate) fn fired(&mut self) {
        self.armed = None;
    }
}
