//! A component that a click mounts: its Effect and its Resource are made in the context of that click, but work for the
//! later ones.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::click::Click;
use crate::{effect, resource};

#[component]
pub(crate) fn Mount() -> impl IntoView {
    let mounted = RwSignal::new(false);
    let clicked = move |_| {
        spawn_local(Click::now().ten_fetches("mount"));
        mounted.set(true);
    };
    view! {
        <button id="mount" data-trace="mount" on:click=clicked>"mount"</button>
        <Show when=move || mounted.get()><Mounted/></Show>
    }
}

#[component]
fn Mounted() -> impl IntoView {
    let clicked = RwSignal::new(None);
    effect::spawn_on(clicked, "mounted-effect");
    resource::load(clicked, "mounted-resource");
    view! {
        <button id="mounted" data-trace="mounted" on:click=move |_| clicked.set(Some(Click::now()))>
            "mounted"
        </button>
    }
}
