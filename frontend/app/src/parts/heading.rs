//! The name of a page, on it and on its tab.

use leptos::{html, prelude::*};

#[component]
pub(crate) fn Heading(text: &'static str) -> impl IntoView {
    let heading = NodeRef::<html::H1>::new();
    // What was focused is gone, or belongs to the page before; without this, a screen reader would say nothing of this one.
    heading.on_load(|heading| drop(heading.focus()));
    document().set_title(&format!("{text} · RAG Admin"));
    view! { <h1 tabindex="-1" node_ref=heading>{text}</h1> }
}
