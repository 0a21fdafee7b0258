//! The sign-in page.

use leptos::{html, prelude::*, task::spawn_local, web_sys::SubmitEvent};
use rag_admin_api::{SignIn as Typed, User};

use crate::{
    api::{self, ApiError},
    parts::{Brand, value},
    provider,
};

/// The form, beside a picture of the trace that sending it makes.
#[component]
pub(crate) fn SignIn(reason: Option<ApiError>, signed_in: Callback<User>) -> impl IntoView {
    let message = RwSignal::new(reason.map(|reason| reason.to_string()));
    let busy = RwSignal::new(false);
    let email = NodeRef::<html::Input>::new();
    let password = NodeRef::<html::Input>::new();
    document().set_title("RAG Admin");
    email.on_load(|input| drop(input.focus()));

    let complain = move |about: NodeRef<html::Input>, text: String| {
        message.set(Some(text));
        if let Some(input) = about.get_untracked() {
            let _ = input.focus();
            input.select();
        }
    };
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let typed = Typed {
            email: value(email),
            password: value(password),
        };
        if busy.get_untracked() {
            return;
        }
        if !looks_like_an_address(&typed.email) {
            return complain(email, "Enter an address like name@example.com.".to_owned());
        }
        if typed.password.is_empty() {
            return complain(password, "Enter your password.".to_owned());
        }
        message.set(None);
        busy.set(true);
        spawn_local(async move {
            let result = api::sign_in(&typed).await;
            busy.set(false);
            match result {
                Ok(user) => signed_in.run(user),
                Err(error) => complain(password, error.to_string()),
            }
        });
    };

    view! {
        <main class="sign-in">
            <section class="picture" aria-hidden="true">
                <Waterfall />
            </section>
            <section class="panel">
                <form class="card" novalidate on:submit=submit>
                    <Brand />
                    <h1>"Sign in"</h1>
                    <label for="email">"E-mail"</label>
                    <input
                        id="email"
                        name="email"
                        type="email"
                        autocomplete="username"
                        autocapitalize="none"
                        spellcheck="false"
                        required
                        aria-describedby="sign-in-message"
                        node_ref=email
                    />
                    <label for="password">"Password"</label>
                    <input
                        id="password"
                        name="password"
                        type="password"
                        autocomplete="current-password"
                        required
                        aria-describedby="sign-in-message"
                        node_ref=password
                    />
                    <p id="sign-in-message" class="message" role="alert">
                        {message}
                    </p>
                    // Not `disabled`: that would take the focus away.
                    <button
                        id="sign-in"
                        type="submit"
                        class="primary"
                        data-trace="sign-in"
                        aria-disabled=move || busy.get().then_some("true")
                    >
                        <span class="spinner" hidden=move || !busy.get()></span>
                        {move || if busy.get() { "Signing in…" } else { "Sign in" }}
                    </button>
                    {provider::name().map(|name| view! { <ByProvider name /> })}
                </form>
            </section>
        </main>
    }
}

/// The other way in: a link, for the browser leaves the page.
#[component]
fn ByProvider(name: String) -> impl IntoView {
    view! {
        <p class="or">"or"</p>
        <a
            id="sign-in-with-provider"
            class="secondary"
            href=provider::START
            data-trace="sign-in-with-provider"
        >
            "Sign in with "
            {name}
        </a>
    }
}

/// The trace of a sign-in, drawn.
#[component]
fn Waterfall() -> impl IntoView {
    const SPANS: [(&str, &str, u32, u32); 8] = [
        ("click sign-in", "browser", 0, 400),
        ("POST", "browser", 14, 372),
        ("POST /api/v1/auth/signin", "server", 34, 336),
        ("authenticate_user", "server", 50, 306),
        ("SELECT users", "database", 62, 34),
        ("verify_password", "server", 104, 196),
        ("bcrypt.verify", "server", 116, 178),
        ("INSERT refresh_tokens", "database", 308, 38),
    ];
    let bars = SPANS
        .into_iter()
        .zip(0_u32..)
        .map(|((name, class, x, width), row)| {
            let y = row * 44;
            // A name at the right edge has its room to the left.
            let (label, anchor) = if x < 240 {
                (x, "start")
            } else {
                (x + width, "end")
            };
            view! {
                <text x=label y=y + 12 text-anchor=anchor>{name}</text>
                <rect class=class x=x y=y + 19 width=width height="10" rx="5" />
            }
        });
    view! {
        <div class="story">
            <h2>"From the click to the row."</h2>
            <p>"Every sign-in here is one trace: the button, the request, the password check, the database."</p>
            <svg viewBox="0 0 400 340" role="presentation">{bars.collect_view()}</svg>
        </div>
    }
}

/// Enough to catch a slip before it is sent. The server decides.
fn looks_like_an_address(typed: &str) -> bool {
    let typed = typed.trim();
    !typed.contains(char::is_whitespace)
        && typed
            .rsplit_once('@')
            .is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty())
}
