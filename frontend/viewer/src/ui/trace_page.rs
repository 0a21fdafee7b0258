//! One trace: header, waterfall, and the details of the selected span.

use std::sync::Arc;

use leptos::prelude::*;
use throughline_viewer::model::Model;
use throughline_viewer::otlp::Id;
use throughline_viewer::route::Route;

use super::failure::{FailureLine, FirstAnswer};
use super::navigation::Navigation;
use super::span_details::SpanDetails;
use super::trace_feed::TraceFeed;
use super::trace_header::TraceHeader;
use super::waterfall::Waterfall;

#[component]
pub(crate) fn TracePage(trace: Id) -> impl IntoView {
    let feed = TraceFeed::new(trace.clone());
    let is_loaded = Memo::new(move |_| feed.model.with(Option::is_some));
    document().set_title("Trace · Throughline");
    move || {
        if is_loaded.get() {
            let model = Signal::derive(move || feed.model.get().unwrap_or_default());
            view! {
                <FailureLine failure=feed.failure.into() />
                <LoadedTrace trace=trace.clone() model />
            }
            .into_any()
        } else {
            view! { <FirstAnswer failure=feed.failure.into() /> }.into_any()
        }
    }
}

#[component]
fn LoadedTrace(trace: Id, model: Signal<Arc<Model>>) -> impl IntoView {
    let navigation = Navigation::from_context();
    let selected = Memo::new(move |_| match navigation.route().get() {
        Route::Trace { span, .. } => span,
        Route::List(_) | Route::Unknown => None,
    });
    let select = {
        let trace = trace.clone();
        Callback::new(move |span| {
            navigation.replace(Route::Trace {
                trace: trace.clone(),
                span,
            });
        })
    };
    Effect::new(move |_| {
        let name = model.with(|model| model.root().map(|root| Arc::clone(&root.name)));
        document().set_title(&format!("{} · Throughline", name.unwrap_or_default()));
    });
    view! {
        <TraceHeader trace=trace.as_str() model />
        <div class="trace-body" class:with-details=move || selected.with(Option::is_some)>
            <Waterfall model selected select />
            {move || {
                selected.get().map(|span| view! { <SpanDetails model span select /> })
            }}
        </div>
    }
}
