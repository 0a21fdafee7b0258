//! The page of somebody who is signed in.

use leptos::{html, prelude::*, task::spawn_local};
use rag_admin_api::{Role, User};

use super::brand::Brand;
use crate::api;

/// Who is signed in, the trace of the click that brought them here, and the way out.
#[component]
pub(crate) fn Home(user: User, signed_out: Callback<()>) -> impl IntoView {
    let message = RwSignal::new(None::<String>);
    let busy = RwSignal::new(false);
    let heading = NodeRef::<html::H1>::new();
    // What was focused is gone; without this, a screen reader would say nothing of the new page.
    heading.on_load(|heading| drop(heading.focus()));

    let sign_out = move |_| {
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        spawn_local(async move {
            let result = api::sign_out().await;
            busy.set(false);
            match result {
                Ok(()) => signed_out.run(()),
                Err(error) => message.set(Some(error.to_string())),
            }
        });
    };

    view! {
        <header class="bar">
            <Brand />
            <button
                id="sign-out"
                type="button"
                data-trace="sign-out"
                aria-disabled=move || busy.get().then_some("true")
                on:click=sign_out
            >
                "Sign out"
            </button>
        </header>
        <main class="home">
            <p class="message" role="alert">{message}</p>
            <h1 tabindex="-1" node_ref=heading>"You are signed in"</h1>
            <dl class="card facts">
                <div>
                    <dt>"E-mail"</dt>
                    <dd id="user-email">{user.email}</dd>
                </div>
                <div>
                    <dt>"Role"</dt>
                    <dd id="user-role"><span class="badge">{user.role.as_str()}</span></dd>
                </div>
            </dl>
            {(user.role == Role::Admin).then(|| view! { <Traces /> })}
        </main>
    }
}

/// The ways into the trace viewer, which administrators may use.
#[component]
fn Traces() -> impl IntoView {
    // Read once: by the time that the link is clicked, the last click is the one on the link.
    let last = throughline_browser::last_trace_id();
    view! {
        <section class="card traces" aria-labelledby="traces">
            <h2 id="traces">"Traces"</h2>
            {match last {
                Some(trace_id) => view! {
                    <p>"Your last click went through the browser, the server and the database. It is one trace."</p>
                    <a id="last-trace" class="primary" href=format!("/telemetry/traces/{trace_id}") target="_blank">
                        "Open the trace of my last click"
                    </a>
                }.into_any(),
                None => view! {
                    <p>"Your session was restored without a click, so there is no trace of one. Sign out and in again to make one."</p>
                }.into_any(),
            }}
            <a id="all-traces" class="plain" href="/telemetry/" target="_blank">"All traces"</a>
        </section>
    }
}
