//! The documents, the newest first.

use js_sys::{Date, Object, Reflect};
use leptos::prelude::*;
use rag_admin_api::{Document, DocumentState};

use crate::parts::{More, Paged};

#[component]
pub(super) fn DocumentList(list: Paged<Document>) -> impl IntoView {
    let is_empty = move || list.is_complete() && list.items.with(Vec::is_empty);
    view! {
        <section class="card list" aria-labelledby="documents-title">
            <h2 id="documents-title">"All documents"</h2>
            {move || is_empty().then(|| view! { <p class="empty">"There is none yet. Upload the first one."</p> })}
            // What changes by itself is told to those who cannot see it.
            <ul id="documents" aria-live="polite" aria-relevant="additions text">
                <For
                    each=move || list.items.get()
                    key=|document| (document.id.clone(), document.state.as_str())
                    children=|document| view! { <Row document /> }
                />
            </ul>
            <More list trace="more-documents" />
        </section>
    }
}

#[component]
fn Row(document: Document) -> impl IntoView {
    let state = document.state;
    view! {
        <li>
            <span class="grow">
                <strong>{document.title}</strong>
                <small>{size(document.bytes)} " · " {uploaded(document.created_at)}</small>
            </span>
            <span class=format!("badge state-{}", state.as_str())>
                {(state == DocumentState::Indexing).then(|| view! { <span class="spinner"></span> })}
                {state.as_str()}
            </span>
        </li>
    }
}

/// A length as people read it.
fn size(bytes: u64) -> String {
    let tenths_of_kib = bytes * 10 / 1024;
    match tenths_of_kib {
        0..10 => format!("{bytes} bytes"),
        10..1000 => format!("{}.{} KiB", tenths_of_kib / 10, tenths_of_kib % 10),
        _ => format!("{} KiB", tenths_of_kib / 10),
    }
}

/// A time as the browser's language writes it.
fn uploaded(seconds: i64) -> String {
    let time = Date::new(&(seconds as f64 * 1000.0).into());
    let style = Object::new();
    for (part, length) in [("dateStyle", "medium"), ("timeStyle", "short")] {
        let _ = Reflect::set(&style, &part.into(), &length.into());
    }
    let language = window().navigator().language();
    let language = language.as_deref().unwrap_or("en");
    time.to_locale_string(language, &style).into()
}
