//! A handler that spawns a future.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::click::Click;

#[component]
pub(crate) fn Spawn() -> impl IntoView {
    let clicked = |_| {
        let click = Click::now();
        spawn_local(click.ten_fetches("spawn"));
    };
    view! { <button id="spawn" data-trace="spawn" on:click=clicked>"spawn"</button> }
}
