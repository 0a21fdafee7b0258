//! A handler that sets a signal, and a `Resource` that loads again because of it.

use leptos::prelude::*;
use send_wrapper::SendWrapper;
use throughline_browser::traced;

use crate::click::Click;

#[component]
pub(crate) fn TenByResource() -> impl IntoView {
    let clicked = RwSignal::new(None);
    load(clicked, "resource");
    view! {
        <button id="resource" data-trace="resource" on:click=move |_| clicked.set(Some(Click::now()))>
            "resource"
        </button>
    }
}

/// A Resource that makes ten fetches for each click that it is not too late for.
pub(crate) fn load(clicked: RwSignal<Option<Click>>, via: &'static str) {
    let fetcher = move |click: Option<Click>| {
        SendWrapper::new(async move {
            if let Some(click) = click {
                click.ten_fetches(via).await;
            }
        })
    };
    Resource::new(move || clicked.get(), traced(fetcher));
}
