//! The form that adds a user.

use leptos::{html, prelude::*, web_sys::SubmitEvent};
use rag_admin_api::{MIN_PASSWORD_CHARS, NewUser, Role, User};

use crate::{
    api,
    parts::{Field, Outcome, Paged, Submit, Task, value},
};

#[component]
pub(super) fn AddUser(list: Paged<User>) -> impl IntoView {
    let task = Task::new();
    let email = NodeRef::<html::Input>::new();
    let password = NodeRef::<html::Input>::new();
    let role = NodeRef::<html::Select>::new();

    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let chosen = role.get_untracked().map(|select| select.value());
        let new = NewUser {
            email: value(email),
            password: value(password),
            role: match chosen {
                Some(name) if name == Role::Admin.as_str() => Role::Admin,
                _ => Role::User,
            },
        };
        if new.email.trim().is_empty() || new.password.is_empty() {
            return task.complain("Enter an e-mail address and a password.");
        }
        task.run(api::users::add(new), move |user: User| {
            for field in [email, password].iter().filter_map(NodeRef::get_untracked) {
                field.set_value("");
            }
            let told = format!("{} is added.", user.email);
            // If there is more to load, the user will come with the rest: the newest are the last.
            if list.is_complete() {
                list.items.update(|users| users.push(user));
            }
            told
        });
    };

    view! {
        <form class="card form" novalidate aria-labelledby="add-user-title" on:submit=submit>
            <h2 id="add-user-title">"Add a user"</h2>
            <div class="columns">
                <Field id="new-user-email" label="E-mail" kind="email" autocomplete="off" node_ref=email />
                <Field
                    id="new-user-password"
                    label="Password"
                    kind="password"
                    autocomplete="new-password"
                    hint=format!("At least {MIN_PASSWORD_CHARS} characters.")
                    node_ref=password
                />
                <div class="field">
                    <label for="new-user-role">"Role"</label>
                    <select id="new-user-role" name="role" node_ref=role>
                        <option value=Role::User.as_str() selected>"User"</option>
                        <option value=Role::Admin.as_str()>"Administrator"</option>
                    </select>
                </div>
            </div>
            <Outcome task />
            <Submit trace="add-user" busy=task.busy() label="Add the user" busy_label="Adding…" />
        </form>
    }
}
