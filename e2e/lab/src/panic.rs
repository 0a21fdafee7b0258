//! A handler that fetches, and then panics: the module is gone, in the middle of a trace.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::click::Click;

#[component]
pub(crate) fn Panic() -> impl IntoView {
    let clicked = |_| {
        let click = Click::now();
        spawn_local(async move {
            click.fetch("panic", 0).await;
            panic!("the lab was asked to panic");
        });
    };
    view! { <button id="panic" data-trace="panic" on:click=clicked>"panic"</button> }
}
