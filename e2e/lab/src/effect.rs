//! A handler that sets a signal, and an `Effect` that spawns because of it.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::click::Click;

#[component]
pub(crate) fn TenByEffect() -> impl IntoView {
    let clicked = RwSignal::new(None);
    spawn_on(clicked, "effect");
    view! {
        <button id="effect" data-trace="effect" on:click=move |_| clicked.set(Some(Click::now()))>
            "effect"
        </button>
    }
}

/// An Effect that spawns ten fetches for each click.
pub(crate) fn spawn_on(clicked: RwSignal<Option<Click>>, via: &'static str) {
    Effect::new(move || {
        if let Some(click) = clicked.get() {
            spawn_local(click.ten_fetches(via));
        }
    });
}
