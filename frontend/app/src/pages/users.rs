//! Everybody who has an account, for administrators.

mod add;

use add::AddUser;
use leptos::prelude::*;
use rag_admin_api::{Role, User};

use crate::{
    parts::{Heading, More, Paged},
    session::SignedIn,
};

#[component]
pub(crate) fn Users() -> impl IntoView {
    let content = if SignedIn::expect().role() == Role::Admin {
        view! { <Everybody /> }.into_any()
    } else {
        view! { <p class="lead">"Only administrators see who has an account."</p> }.into_any()
    };
    view! {
        <Heading text="Users" />
        {content}
    }
}

#[component]
fn Everybody() -> impl IntoView {
    let list = Paged::<User>::load_first();
    view! {
        <AddUser list />
        <section class="card list" aria-labelledby="users-title">
            <h2 id="users-title">"Everybody"</h2>
            <ul id="users">
                <For
                    each=move || list.items.get()
                    key=|user| user.id.clone()
                    children=|user| view! {
                        <li>
                            <span class="grow">{user.email}</span>
                            <span class="badge" class:plain-badge=user.role == Role::User>{user.role.as_str()}</span>
                        </li>
                    }
                />
            </ul>
            <More list trace="more-users" />
        </section>
    }
}
