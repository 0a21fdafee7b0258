//! The ways into the trace viewer, which administrators may use.

use leptos::prelude::*;

use crate::session::SignedIn;

#[component]
pub(super) fn Traces() -> impl IntoView {
    let session = SignedIn::expect();
    let last = move || {
        match session.last_trace() {
        Some(trace_id) => view! {
            <p>"Your last click went through the browser, the server and the database. It is one trace."</p>
            <a
                id="last-trace"
                class="primary"
                data-trace="open-last-trace"
                href=format!("/telemetry/traces/{trace_id}")
                target="_blank"
            >
                "Open the trace of my last click"
            </a>
        }
        .into_any(),
        None => view! {
            <p>"Your session was restored without a click. Search, upload something or add a user, and its trace is here."</p>
        }
        .into_any(),
    }
    };
    view! {
        <section class="card traces" aria-labelledby="traces">
            <h2 id="traces">"Traces"</h2>
            {last}
            <a id="all-traces" class="plain" data-trace="open-all-traces" href="/telemetry/" target="_blank">
                "All traces"
            </a>
        </section>
    }
}
