//! Which page a person sees, and the session behind it.

use std::time::Duration;

use gloo_timers::future::sleep;
use leptos::{prelude::*, task::spawn_local};
use leptos_router::{
    components::{FlatRoutes, Route, Router},
    path,
};
use rag_admin_api::User;

use crate::{
    api::{self, ApiError},
    pages::{Account, Documents, Home, NotFound, SignIn, Users},
    parts::Shell,
    provider,
    session::SignedIn,
};

/// The access token lives for 15 minutes; the trace viewer, in another tab, depends on it too.
const RENEW_EVERY: Duration = Duration::from_secs(10 * 60);

/// Who is in front of the page.
#[derive(Clone)]
enum Visitor {
    /// The server was asked, and has not answered yet.
    Unknown,
    /// Nobody is signed in; perhaps with a word of why.
    SignedOut(Option<ApiError>),
    SignedIn(User),
}

#[component]
pub(crate) fn App() -> impl IntoView {
    let visitor = RwSignal::new(Visitor::Unknown);
    spawn_local(keep_session(visitor));

    let signed_in = Callback::new(move |user: User| {
        throughline_browser::set_user(user.id.clone());
        visitor.set(Visitor::SignedIn(user));
    });
    let ended = Callback::new(move |reason| {
        throughline_browser::clear_user();
        visitor.set(Visitor::SignedOut(reason));
    });
    move || match visitor.get() {
        Visitor::Unknown => view! { <main class="blank" aria-busy="true"></main> }.into_any(),
        Visitor::SignedOut(reason) => view! { <SignIn reason signed_in /> }.into_any(),
        Visitor::SignedIn(user) => view! { <Pages user ended /> }.into_any(),
    }
}

/// The pages of somebody who is signed in, each at its address.
#[component]
fn Pages(user: User, ended: Callback<Option<ApiError>>) -> impl IntoView {
    SignedIn::provide(user, ended);
    view! {
        <Router>
            <Shell>
                <FlatRoutes fallback=NotFound>
                    <Route path=path!("/") view=Home />
                    <Route path=path!("/documents") view=Documents />
                    <Route path=path!("/users") view=Users />
                    <Route path=path!("/account") view=Account />
                </FlatRoutes>
            </Shell>
        </Router>
    }
}

/// Restores the session of an earlier visit, and renews it for as long as somebody is signed in.
///
/// One task for the life of the page, started before any click: what it does belongs to none.
async fn keep_session(visitor: RwSignal<Visitor>) {
    visitor.set(match api::restore().await {
        Ok(Some(user)) => {
            throughline_browser::set_user(user.id.clone());
            Visitor::SignedIn(user)
        }
        Ok(None) => {
            Visitor::SignedOut(provider::has_failed().then_some(ApiError::NotSignedInByProvider))
        }
        Err(error) => Visitor::SignedOut(Some(error)),
    });
    loop {
        sleep(RENEW_EVERY).await;
        let signed_in = visitor.with_untracked(|visitor| matches!(visitor, Visitor::SignedIn(_)));
        if signed_in && let Err(error @ ApiError::Unauthorized(_)) = api::renew().await {
            throughline_browser::clear_user();
            visitor.set(Visitor::SignedOut(Some(error)));
        }
    }
}
