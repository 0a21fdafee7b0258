//! A handler that fetches, and leaves the page as soon as it has the answer.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::click::Click;

#[component]
pub(crate) fn Leave() -> impl IntoView {
    let clicked = |_| {
        let click = Click::now();
        spawn_local(async move {
            click.fetch("leave", 0).await;
            location()
                .set_href("/?arrived")
                .expect("the address is valid");
        });
    };
    let arrived = location().search().is_ok_and(|it| it == "?arrived");
    view! {
        <button id="leave" data-trace="leave" on:click=clicked>"leave"</button>
        {arrived.then(|| view! { <p id="arrived">"arrived"</p> })}
    }
}
