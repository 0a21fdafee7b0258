//! A handler that keeps the page from painting.

use js_sys::Date;
use leptos::prelude::*;

const BUSY_MILLIS: f64 = 160.0;

#[component]
pub(crate) fn Slow() -> impl IntoView {
    let answer = RwSignal::new("");
    let clicked = move |_| {
        let end = Date::now() + BUSY_MILLIS;
        while Date::now() < end {}
        answer.set("answered");
    };
    view! {
        <button id="slow" data-trace="slow" on:click=clicked>"slow"</button>
        <output id="answer">{answer}</output>
    }
}
