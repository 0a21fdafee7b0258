//! One's own account: who is signed in, and the password.

use leptos::{html, prelude::*, web_sys::SubmitEvent};
use rag_admin_api::{MIN_PASSWORD_CHARS, PasswordChange};

use crate::{
    api,
    parts::{Facts, Field, Heading, Outcome, Submit, Task, value},
    session::SignedIn,
};

#[component]
pub(crate) fn Account() -> impl IntoView {
    view! {
        <Heading text="Account" />
        <Facts />
        <ChangePassword />
    }
}

#[component]
fn ChangePassword() -> impl IntoView {
    let task = Task::new();
    let shown = RwSignal::new(false);
    let current = NodeRef::<html::Input>::new();
    let new = NodeRef::<html::Input>::new();
    let kind = Signal::derive(move || if shown.get() { "text" } else { "password" });

    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let typed = PasswordChange {
            current: value(current),
            new: value(new),
        };
        if typed.current.is_empty() {
            focus(current);
            return task.complain("Enter your current password.");
        }
        if typed.new.chars().count() < MIN_PASSWORD_CHARS {
            focus(new);
            return task.complain(format!(
                "The new password has less than {MIN_PASSWORD_CHARS} characters."
            ));
        }
        task.run(api::change_password(typed), move |()| {
            for field in [current, new].iter().filter_map(NodeRef::get_untracked) {
                field.set_value("");
            }
            "Your password is changed. Wherever else you were signed in, you are not any more."
                .to_owned()
        });
    };

    view! {
        <form class="card form" novalidate aria-labelledby="change-password-title" on:submit=submit>
            <h2 id="change-password-title">"Change your password"</h2>
            // Password managers want to know whose password it is.
            <input
                type="text"
                name="username"
                autocomplete="username"
                value=SignedIn::expect().email()
                readonly
                hidden
            />
            <Field id="current-password" label="Current password" kind autocomplete="current-password" node_ref=current />
            <Field
                id="new-password"
                label="New password"
                kind
                autocomplete="new-password"
                hint=format!("At least {MIN_PASSWORD_CHARS} characters.")
                node_ref=new
            />
            <label class="check">
                <input
                    type="checkbox"
                    data-trace="show-passwords"
                    on:change=move |event| shown.set(event_target_checked(&event))
                />
                "Show the passwords"
            </label>
            <Outcome task />
            <Submit trace="change-password" busy=task.busy() label="Change the password" busy_label="Changing…" />
        </form>
    }
}

fn focus(field: NodeRef<html::Input>) {
    if let Some(field) = field.get_untracked() {
        let _ = field.focus();
    }
}
