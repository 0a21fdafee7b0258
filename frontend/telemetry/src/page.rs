//! The few calls into the page that several modules need.

use std::time::Duration;

use js_sys::{Array, Function, Reflect};
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

/// The same for what captures nothing: all of these have one type.
#[inline(never)]
pub(crate) fn calling(function: fn()) -> Function {
    callback(function)
}

/// A listener that captures nothing. All of these have one type.
#[inline(never)]
pub(crate) fn listener(handler: fn(&Event)) -> Function {
    function(Box::new(move |event, _, _| {
        handler(event.unchecked_ref());
        Ok(JsValue::UNDEFINED)
    }))
}

/// Tells the developer, who may see it in the console. Nobody else hears of our failures.
#[inline(never)]
pub(crate) fn warn(text: &str) {
    if IS_BROWSER {
        let console = global("console");
        drop(call(&console, "warn", "throughline:", text));
    }
}

/// Listens for as long as the page lives, before all listeners that do not capture.
///
/// An event may be dispatched from within a handler of the same event: what a handler keeps is not borrowed meanwhile.
pub(crate) fn listen(target: &EventTarget, event: &str, handler: fn(&Event)) {
    add_listener(target, event, &listener(handler));
}

/// Adds a listener. Adding the same once more changes nothing.
#[inline(never)]
pub(crate) fn add_listener(target: &JsValue, event: &str, listener: &Function) {
    let add = property(target, "addEventListener");
    drop(apply(
        &add,
        target,
        event.into(),
        listener.into(),
        JsValue::TRUE,
    ));
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
    call_with(object, method, first.into(), second.into())
}

#[inline(never)]
fn call_with(
    object: &JsValue,
    method: &str,
    first: JsValue,
    second: JsValue,
) -> Result<JsValue, JsValue> {
    let method = property(object, method);
    apply(&method, object, first, second, JsValue::UNDEFINED)
}

/// Calls a method with a text. `undefined` if that is not possible.
#[inline(never)]
pub(crate) fn ask(object: &JsValue, method: &str, argument: &str) -> JsValue {
    call(object, method, argument, JsValue::UNDEFINED).unwrap_or_default()
}

/// Calls a function.
#[inline(never)]
#[expect(
    clippy::needless_pass_by_value,
    reason = "they are dropped in one place"
)]
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

/// `new class(...arguments)`.
#[allow(dead_code, reason = "for some features")]
#[inline(never)]
pub(crate) fn construct(class: &str, arguments: &JsValue) -> Result<JsValue, JsValue> {
    let class = global(class);
    let construct = property(&global("Reflect"), "construct");
    let arguments = arguments.clone();
    apply(
        &construct,
        &JsValue::UNDEFINED,
        class.clone(),
        arguments,
        class,
    )
}

/// `new class(argument)`. `undefined` if that is not possible.
#[cfg(any(feature = "gzip", feature = "offline"))]
pub(crate) fn new(class: &str, argument: impl Into<JsValue>) -> JsValue {
    let arguments = call(&global("Array"), "of", argument, JsValue::UNDEFINED);
    construct(class, &arguments.unwrap_or_default()).unwrap_or_default()
}

/// The `URL` that the browser makes of an address in the page. `None` if it is none.
#[inline(never)]
pub(crate) fn resolved(address: &str) -> Option<JsValue> {
    if !IS_BROWSER {
        return None;
    }
    let base = text(&global("document"), "baseURI")?;
    Some(Url::new_with_base(address, &base).ok()?.into())
}

/// A part of the page's own address.
pub(crate) fn location(part: &str) -> Option<String> {
    text(&global("location"), part)
}

/// Whether nobody can see the page.
pub(crate) fn is_hidden() -> bool {
    property(&global("document"), "visibilityState") == "hidden"
}

/// A property of a JavaScript object, or `undefined`. Never throws.
#[inline(never)]
pub(crate) fn property(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED)
}

/// A property of the page's global object.
#[inline(never)]
pub(crate) fn global(name: &str) -> JsValue {
    property(&js_sys::global(), name)
}

/// The first item of a list for which something is so, else `undefined`. What is no list has no items.
#[inline(never)]
pub(crate) fn find(list: &JsValue, is_it: &mut dyn FnMut(&JsValue) -> bool) -> JsValue {
    let length = number(list, "length");
    let mut index = 0;
    while f64::from(index) < length {
        let item = list.unchecked_ref::<Array>().get(index);
        if is_it(&item) {
            return item;
        }
        index += 1;
    }
    JsValue::UNDEFINED
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

/// Calls back when the code that runs now is done.
pub(crate) fn queue_microtask(callback: &Function) {
    let page = js_sys::global();
    drop(call(&page, "queueMicrotask", callback, JsValue::UNDEFINED));
}

/// Calls back after so many milliseconds. The number by which it can be cleared.
#[inline(never)]
pub(crate) fn set_timeout(callback: &Function, millis: f64) -> JsValue {
    call(&js_sys::global(), "setTimeout", callback, millis).unwrap_or_default()
}

/// One `setTimeout` that is brought forward, never doubled.
#[derive(Debug)]
pub(crate) struct Timer {
    callback: Function,
    id: JsValue,
    /// When it fires, in milliseconds of the monotonic time; never, if it is not set.
    at: f64,
}

// === impl Timer ===

impl Timer {
    pub(crate) fn new(on_time: fn()) -> Self {
        Self {
            callback: calling(on_time),
            id: JsValue::UNDEFINED,
            at: f64::INFINITY,
        }
    }

    /// Calls back at the monotonic time `at`, or earlier if an earlier time was asked for before: the callback looks
    /// for itself whether there is something to do. `now` is that clock's time.
    pub(crate) fn set(&mut self, at: Option<Duration>, now: Duration) {
        let Some(at) = at.map(millis) else { return };
        if at < self.at {
            let page = js_sys::global();
            // To clear one that has fired, or none, does nothing.
            let id = std::mem::take(&mut self.id);
            drop(call(&page, "clearTimeout", id, JsValue::UNDEFINED));
            // One more millisecond: a timer that fires early by rounding would only have to be set again.
            self.id = set_timeout(&self.callback, (at - millis(now)).max(0.0) + 1.0);
            self.at = at;
        }
    }

    /// It has fired.
    pub(crate) fn fired(&mut self) {
        self.at = f64::INFINITY;
    }
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}
