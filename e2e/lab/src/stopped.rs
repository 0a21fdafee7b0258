//! A handler that lets nobody above it hear of the click.

use leptos::ev::MouseEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::click::Click;

#[component]
pub(crate) fn Stopped() -> impl IntoView {
    let clicked = |event: MouseEvent| {
        event.stop_immediate_propagation();
        spawn_local(Click::now().ten_fetches("stopped"));
    };
    view! { <button id="stopped" data-trace="stopped" on:click=clicked>"stopped"</button> }
}
