//! What a trace is, in one glance.

use std::sync::Arc;

use leptos::prelude::*;
use throughline_viewer::duration;
use throughline_viewer::model::Model;
use throughline_viewer::route::BASE;

use super::copy::Copy;
use super::service::Service;
use super::{clock, icons};

#[component]
pub(crate) fn TraceHeader(#[prop(into)] trace: String, model: Signal<Arc<Model>>) -> impl IntoView {
    let name = move || model.with(|model| model.root().map(|root| root.name.to_string()));
    let services = move || {
        let services = model.with(|model| model.services.clone());
        let chip = |(name, spans): (Arc<str>, usize)| view! { <Service name=&*name spans /> };
        services.into_iter().map(chip).collect_view()
    };
    let errors = move || match model.with(|model| model.error_count) {
        0 => view! { <span class="muted">"None"</span> }.into_any(),
        count => view! { <span class="error">{icons::error()}{count}</span> }.into_any(),
    };
    let start = Memo::new(move |_| model.with(|model| model.timeline.start));
    view! {
        <header class="trace-header">
            <div class="trace-title">
                <p class="crumbs">
                    <a href=BASE>"Traces"</a>
                    <span aria-hidden="true">"/"</span>
                    <code>{trace.clone()}</code>
                    <Copy value=trace what="trace id" />
                </p>
                <h1>{name}</h1>
                <div class="services">{services}</div>
            </div>
            <dl class="facts">
                <div>
                    <dt>"Duration"</dt>
                    <dd>{move || duration::format(model.with(|model| model.timeline.nanos()))}</dd>
                </div>
                <div>
                    <dt>"Spans"</dt>
                    <dd>{move || model.with(|model| model.span_count())}</dd>
                </div>
                <div>
                    <dt>"Errors"</dt>
                    <dd>{errors}</dd>
                </div>
                <div>
                    <dt>"Started"</dt>
                    <dd>
                        <time
                            datetime=move || clock::iso(start.get())
                            title=move || clock::exact(start.get())
                        >
                            {move || clock::time(start.get())}
                        </time>
                    </dd>
                </div>
            </dl>
        </header>
    }
}
