//! The frame around the pages, and which of them is shown.

use leptos::prelude::*;
use throughline_viewer::otlp::Id;
use throughline_viewer::route::{BASE, Route};

use super::icons;
use super::navigation::Navigation;
use super::trace_list::TraceList;
use super::trace_page::TracePage;

/// A page without what may change while it stays.
#[derive(Clone, PartialEq)]
enum Page {
    List,
    Trace(Id),
    Unknown,
}

#[component]
pub(crate) fn App() -> impl IntoView {
    let route = Navigation::provide().route();
    let page = Memo::new(move |_| match route.get() {
        Route::List(_) => Page::List,
        Route::Trace { trace, .. } => Page::Trace(trace),
        Route::Unknown => Page::Unknown,
    });
    view! {
        <header class="top">
            <a class="brand" href=BASE>
                {icons::logo()}
                "Throughline"
            </a>
            <nav aria-label="Viewer">
                <a
                    href=BASE
                    aria-current=move || (page.get() == Page::List).then_some("page")
                >
                    "Traces"
                </a>
            </nav>
        </header>
        <main>
            {move || match page.get() {
                Page::List => view! { <TraceList /> }.into_any(),
                Page::Trace(trace) => view! { <TracePage trace /> }.into_any(),
                Page::Unknown => view! { <UnknownPage /> }.into_any(),
            }}
        </main>
    }
}

#[component]
fn UnknownPage() -> impl IntoView {
    view! {
        <div class="notice">
            <h1>"There is no such page"</h1>
            <p>
                "The address does not name a page of the viewer. "
                <a href=BASE>"Show the newest traces"</a>
            </p>
        </div>
    }
}
