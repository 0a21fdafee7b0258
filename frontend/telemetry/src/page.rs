//! The few calls into the page that several modules need.

use std::time::Duration;

use js_sys::{Function, Reflect};
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
#[cfg(any(feature = "navigation", feature = "web-vitals"))]
use web_sys::VisibilityState;
use web_sys::{Event, EventTarget, Window};

/// Whether there is JavaScript. A server that renders the page links the client too, and runs code that calls it: there
/// it must do nothing, and no import of JavaScript can be called.
pub(crate) const IS_BROWSER: bool = cfg!(target_arch = "wasm32");

/// The page's window, or `None` in a worker.
pub(crate) fn window() -> Option<Window> {
    IS_BROWSER.then(web_sys::window)?
}

/// Tells the developer, who may see it in the console. Nobody else hears of our failures.
pub(crate) fn warn(text: &str) {
    if IS_BROWSER {
        let text = String::from("throughline: ") + text;
        web_sys::console::warn_1(&JsValue::from(text));
    }
}

/// Listens for as long as the page lives, before all listeners that do not capture.
///
/// The handler is `Fn`: an event may be dispatched from within a handler of the same event.
pub(crate) fn listen(target: &EventTarget, event: &str, handler: impl Fn(Event) + 'static) {
    let handler = Closure::<dyn Fn(Event)>::new(handler).into_js_value();
    let added =
        target.add_event_listener_with_callback_and_bool(event, handler.unchecked_ref(), true);
    if added.is_err() {
        warn("cannot listen to the page");
    }
}

/// A function that JavaScript can call any number of times, also from within itself.
pub(crate) fn callback(callback: impl Fn() + 'static) -> Function {
    Closure::<dyn Fn()>::new(callback)
        .into_js_value()
        .unchecked_into()
}

/// Whether nobody can see the page.
#[cfg(any(feature = "navigation", feature = "web-vitals"))]
pub(crate) fn is_hidden() -> bool {
    window()
        .and_then(|window| window.document())
        .is_some_and(|it| it.visibility_state() == VisibilityState::Hidden)
}

/// A property of a JavaScript object, or `undefined`. Never throws.
pub(crate) fn property(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED)
}

/// Sets a property of a JavaScript object of our own.
pub(crate) fn set(object: &JsValue, name: &str, value: impl Into<JsValue>) -> bool {
    Reflect::set(object, &JsValue::from_str(name), &value.into()).unwrap_or(false)
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
    armed: Option<(i32, Duration)>,
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
        if self.armed.is_some_and(|(_, armed)| armed <= at) {
            return;
        }
        let Some(window) = window() else { return };
        if let Some((id, _)) = self.armed.take() {
            window.clear_timeout_with_handle(id);
        }
        // One more millisecond: a timer that fires early by rounding would only have to be set again.
        let delay = at.saturating_sub(now).as_secs_f32() * 1e3 + 1.0;
        #[expect(clippy::cast_possible_truncation, reason = "saturates")]
        let delay = delay as i32;
        self.armed = window
            .set_timeout_with_callback_and_timeout_and_arguments_0(&self.callback, delay)
            .ok()
            .map(|id| (id, at));
    }

    /// It has fired.
    pub(crate) fn fired(&mut self) {
        self.armed = None;
    }
}
