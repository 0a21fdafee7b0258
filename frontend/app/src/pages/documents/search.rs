//! Searching: the form, and what was found.

use leptos::{html, prelude::*, web_sys::SubmitEvent};
use rag_admin_api::{Found, Hit, MAX_SEARCH_BYTES};

use super::marked::{Piece, marked};
use crate::{
    api,
    parts::{Outcome, Submit, Task, value},
};

#[component]
pub(super) fn SearchDocuments() -> impl IntoView {
    let task = Task::new();
    let input = NodeRef::<html::Input>::new();
    let found = RwSignal::new(None::<(String, Vec<Hit>)>);

    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let query = value(input).trim().to_owned();
        if query.is_empty() {
            return task.complain("Enter a word or several.");
        }
        task.run(
            api::documents::search(query.clone()),
            move |Found { hits }| {
                let told = told(hits.len());
                found.set(Some((query, hits)));
                told
            },
        );
    };

    view! {
        <section class="card form" aria-labelledby="search-title">
            <h2 id="search-title">"Search"</h2>
            <form class="search" role="search" novalidate on:submit=submit>
                <input
                    id="search-query"
                    type="search"
                    aria-label="Words to look for"
                    placeholder="Words to look for"
                    autocomplete="off"
                    maxlength=MAX_SEARCH_BYTES
                    node_ref=input
                />
                <Submit trace="search-documents" busy=task.busy() label="Search" busy_label="Searching…" />
            </form>
            <Outcome task />
            <ol id="hits">{move || found.get().map(|(query, hits)| passages(&query, hits))}</ol>
        </section>
    }
}

fn told(hits: usize) -> String {
    match hits {
        0 => "Nothing found. A passage has to hold all of the words.".to_owned(),
        1 => "One passage".to_owned(),
        hits => format!("{hits} passages, the best first"),
    }
}

fn passages(query: &str, hits: Vec<Hit>) -> impl IntoView + use<> {
    let passage = |hit: Hit| {
        let pieces = marked(&hit.passage, query)
            .into_iter()
            .map(|piece| match piece {
                Piece::Plain(text) => text.into_any(),
                Piece::Marked(text) => view! { <mark>{text}</mark> }.into_any(),
            });
        view! {
            <li>
                <strong>{hit.title}</strong>
                <p>{pieces.collect_view()}</p>
            </li>
        }
    };
    hits.into_iter().map(passage).collect_view()
}
