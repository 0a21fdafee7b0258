//! A button that copies a value.

use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen_futures::JsFuture;

use super::icons;

/// For how long the button says that it has copied.
const SAID: Duration = Duration::from_millis(1_500);

#[component]
pub(crate) fn Copy(
    /// What is copied.
    #[prop(into)]
    value: String,
    /// What it is, for the label: "Copy trace id".
    #[prop(into)]
    what: String,
) -> impl IntoView {
    let copied = RwSignal::new(false);
    let copy = move |_| {
        let writing = window().navigator().clipboard().write_text(&value);
        spawn_local(async move {
            if JsFuture::from(writing).await.is_ok() {
                let _ = copied.try_set(true);
                let unsay = move || {
                    let _ = copied.try_set(false);
                };
                set_timeout(unsay, SAID);
            }
        });
    };
    let label = move || {
        if copied.get() {
            "Copied".into()
        } else {
            format!("Copy {what}")
        }
    };
    // Without a secure context (plain HTTP to another machine) browsers have no clipboard.
    window().is_secure_context().then(|| {
        view! {
            <button type="button" class="copy" class:copied=copied aria-label=label.clone() title=label on:click=copy>
                {move || if copied.get() { icons::check().into_any() } else { icons::copy().into_any() }}
            </button>
        }
    })
}
