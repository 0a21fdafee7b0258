//! A handler that dispatches an `Action`, while its earlier runs are under way.

use leptos::prelude::*;

use crate::click::Click;

#[component]
pub(crate) fn TenByAction() -> impl IntoView {
    let action = Action::new_local(|click: &Click| click.clone().ten_fetches("action"));
    let clicked = move |_| {
        action.dispatch(Click::now());
    };
    view! { <button id="action" data-trace="action" on:click=clicked>"action"</button> }
}
