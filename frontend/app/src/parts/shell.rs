//! What surrounds every page of somebody who is signed in: the ways to the others, and the way out.

use leptos::prelude::*;
use leptos_router::components::A;
use rag_admin_api::Role;

use super::{Brand, Task, traces::Traces};
use crate::{api, session::SignedIn};

#[component]
pub(crate) fn Shell(children: Children) -> impl IntoView {
    let session = SignedIn::expect();
    let is_admin = session.role() == Role::Admin;
    let task = Task::new();
    let sign_out = move |_| {
        task.run(api::sign_out(), move |()| {
            session.end(None);
            String::new()
        });
    };
    view! {
        <header class="bar">
            <Brand />
            <nav aria-label="Pages">
                <A href="/" exact=true attr:data-trace="open-home">"Home"</A>
                <A href="/documents" attr:data-trace="open-documents">"Documents"</A>
                {is_admin.then(|| view! { <A href="/users" attr:data-trace="open-users">"Users"</A> })}
                <A href="/account" attr:data-trace="open-account">"Account"</A>
            </nav>
            <button
                id="sign-out"
                type="button"
                data-trace="sign-out"
                aria-disabled=move || task.busy().get().then_some("true")
                on:click=sign_out
            >
                "Sign out"
            </button>
        </header>
        <main class="page">
            <p class="message" role="alert">{move || task.failure()}</p>
            {children()}
            {is_admin.then(|| view! { <Traces /> })}
        </main>
    }
}
