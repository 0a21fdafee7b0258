//! Who is signed in.

use leptos::prelude::*;

use crate::session::SignedIn;

#[component]
pub(crate) fn Facts() -> impl IntoView {
    let session = SignedIn::expect();
    view! {
        <dl class="card facts">
            <div>
                <dt>"E-mail"</dt>
                <dd id="user-email">{session.email()}</dd>
            </div>
            <div>
                <dt>"Role"</dt>
                <dd id="user-role"><span class="badge">{session.role().as_str()}</span></dd>
            </div>
        </dl>
    }
}
