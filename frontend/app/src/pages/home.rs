//! The first page of somebody who is signed in.

use leptos::prelude::*;
use rag_admin_api::Role;

use crate::{
    parts::{Facts, Heading},
    session::SignedIn,
};

/// Who is signed in, and what there is to do.
#[component]
pub(crate) fn Home() -> impl IntoView {
    let is_admin = SignedIn::expect().role() == Role::Admin;
    view! {
        <Heading text="You are signed in" />
        <Facts />
        <ul class="tiles">
            <Tile href="/documents" trace="tile-documents" title="Documents" text="Upload texts, and search in them." />
            {is_admin.then(|| view! {
                <Tile href="/users" trace="tile-users" title="Users" text="See who has an account, and add people." />
            })}
            <Tile href="/account" trace="tile-account" title="Account" text="Change your password." />
        </ul>
    }
}

#[component]
fn Tile(
    href: &'static str,
    /// What a click is called in a trace.
    trace: &'static str,
    title: &'static str,
    text: &'static str,
) -> impl IntoView {
    view! {
        <li>
            <a class="card tile" href=href data-trace=trace>
                <strong>{title}</strong>
                <span>{text}</span>
            </a>
        </li>
    }
}
