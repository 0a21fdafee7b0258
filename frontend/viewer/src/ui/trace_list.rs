//! The newest traces, as they come in.

use leptos::prelude::*;
use throughline_viewer::route::{Filter, Route};

use super::failure::{FailureLine, FirstAnswer};
use super::filters::Filters;
use super::icons;
use super::list_feed::ListFeed;
use super::navigation::Navigation;
use super::send_first::SendFirst;
use super::trace_row::TraceRow;

#[component]
pub(crate) fn TraceList() -> impl IntoView {
    let route = Navigation::from_context().route();
    let filter = Memo::new(move |_| match route.get() {
        Route::List(filter) => filter,
        Route::Trace { .. } | Route::Unknown => Filter::default(),
    });
    let feed = ListFeed::new(filter);
    document().set_title("Traces · Throughline");

    let is_loaded = Memo::new(move |_| feed.listing.with(Option::is_some));
    let is_empty = Memo::new(move |_| {
        feed.listing.with(|shown| {
            shown
                .as_ref()
                .is_none_or(|(_, listing)| listing.traces.is_empty())
        })
    });
    view! {
        <div class="list-page">
            <div class="bar-above">
                <h1>"Traces"</h1>
                <Live feed />
            </div>
            <Filters filter services=feed.services />
            {move || match (is_loaded.get(), is_empty.get()) {
                (false, _) => view! { <FirstAnswer failure=feed.failure.into() /> }.into_any(),
                (true, is_empty) => view! {
                    <FailureLine failure=feed.failure.into() />
                    {if is_empty {
                        view! { <Empty filter /> }.into_any()
                    } else {
                        view! { <Table feed /> }.into_any()
                    }}
                }
                .into_any(),
            }}
        </div>
    }
}

/// Says whether the list is up to date, and brings it there.
#[component]
fn Live(feed: ListFeed) -> impl IntoView {
    let is_live = move || feed.failure.with(Option::is_none);
    view! {
        <span class="live" class:off=move || !is_live()>
            {move || if is_live() { "Live" } else { "Not connected" }}
        </span>
        <button type="button" class="button" on:click=move |_| feed.refresh()>
            {icons::refresh()}
            "Refresh"
        </button>
    }
}

#[component]
fn Table(feed: ListFeed) -> impl IntoView {
    let traces = move || {
        feed.listing.with(|shown| {
            shown
                .as_ref()
                .map(|(_, list)| list.traces.clone())
                .unwrap_or_default()
        })
    };
    let longest = Memo::new(move |_| {
        feed.listing.with(|shown| {
            shown
                .as_ref()
                .map(|(_, list)| list.longest())
                .unwrap_or_default()
        })
    });
    let has_more = Memo::new(move |_| {
        feed.listing
            .with(|shown| shown.as_ref().is_some_and(|(_, list)| list.next.is_some()))
    });
    view! {
        <table class="traces">
            <thead>
                <tr>
                    <th scope="col">"Trace"</th>
                    <th scope="col" class="wide">"Services"</th>
                    <th scope="col">"Duration"</th>
                    <th scope="col" class="number">"Spans"</th>
                    <th scope="col">"Errors"</th>
                    <th scope="col" class="number">"Started"</th>
                </tr>
            </thead>
            <tbody>
                <For each=traces key=Clone::clone let:trace>
                    <TraceRow trace longest now=feed.now />
                </For>
            </tbody>
        </table>
        <Show when=move || has_more.get()>
            <button type="button" class="button more" on:click=move |_| feed.load_more()>
                "Load older traces"
            </button>
        </Show>
    }
}

#[component]
fn Empty(filter: Memo<Filter>) -> impl IntoView {
    move || {
        if filter.get() == Filter::default() {
            view! { <SendFirst /> }.into_any()
        } else {
            view! {
                <div class="notice" role="status">
                    <h1>"No trace matches"</h1>
                    <p>
                        "Matching traces appear here as they come in. "
                        <a href=Route::List(Filter::default()).href()>"Show all traces"</a>
                    </p>
                </div>
            }
            .into_any()
        }
    }
}
