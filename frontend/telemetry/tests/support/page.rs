//! The page: its elements, its clocks, its console, and its own `fetch`.

use std::cell::Cell;

use gloo_timers::future::TimeoutFuture;
use js_sys::{Function, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Element, HtmlElement, RequestInit, Response};

pub fn window() -> web_sys::Window {
    web_sys::window().unwrap()
}

/// A function of JavaScript.
pub fn script(arguments: &str, body: &str) -> Function {
    Function::new_with_args(arguments, body)
}

/// Moves the time of day by so many minutes, from what it is now.
pub fn move_wall_clock(minutes: f64) {
    let body = "const now = Date.now; Date.now = () => now() + minutes * 60000";
    let moved = script("minutes", body).call1(&JsValue::UNDEFINED, &minutes.into());
    moved.unwrap();
}

/// Pretends that the page is hidden, or seen again.
pub fn be_hidden(hidden: bool) {
    let state = if hidden { "hidden" } else { "visible" };
    let body =
        "Object.defineProperty(document, 'visibilityState', { value: state, configurable: true });
        document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))";
    script("state", body)
        .call1(&JsValue::UNDEFINED, &state.into())
        .unwrap();
}

/// Requests something through the page's `fetch`.
pub async fn get(path: &str) -> Result<Response, JsValue> {
    JsFuture::from(window().fetch_with_str(path))
        .await
        .map(JsCast::unchecked_into)
}

pub async fn get_with(path: &str, init: &RequestInit) -> Result<Response, JsValue> {
    JsFuture::from(window().fetch_with_str_and_init(path, init))
        .await
        .map(JsCast::unchecked_into)
}

/// The work of click `n`: ten requests, each awaited, with pauses.
pub async fn work(name: &'static str, n: u32, requests: u32) {
    for request in 0..requests {
        get(&format!("/{name}/{n}/{request}")).await.unwrap();
        TimeoutFuture::new((js_sys::Math::random() * 5.0) as u32).await;
    }
}

/// Adds HTML to the page.
pub fn html(html: &str) -> Element {
    let document = window().document().unwrap();
    let element = document.create_element("div").unwrap();
    element.set_inner_html(html);
    document.body().unwrap().append_child(&element).unwrap();
    element
}

pub fn find(selector: &str) -> HtmlElement {
    let found = window()
        .document()
        .unwrap()
        .query_selector(selector)
        .unwrap();
    found
        .unwrap_or_else(|| panic!("no {selector}"))
        .unchecked_into()
}

/// Clicks, and tells the trace of it.
pub fn click(element: &HtmlElement) -> String {
    element.click();
    throughline_browser::last_trace_id().unwrap().to_string()
}

/// The present task's other work comes first.
pub async fn next_macrotask() {
    TimeoutFuture::new(0).await;
}

/// Counts what the page tells in the console as a warning, from now on.
pub fn warnings() -> std::rc::Rc<Cell<u32>> {
    let count = std::rc::Rc::new(Cell::new(0));
    let warn = {
        let count = std::rc::Rc::clone(&count);
        Closure::<dyn Fn(JsValue)>::new(move |_| count.set(count.get() + 1)).into_js_value()
    };
    let console = Reflect::get(&window(), &"console".into()).unwrap();
    Reflect::set(&console, &"warn".into(), &warn).unwrap();
    count
}
