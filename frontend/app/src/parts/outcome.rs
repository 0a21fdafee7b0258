//! What became of a [`Task`], for people who see it and for people who hear it.

use leptos::prelude::*;

use super::Task;

#[component]
pub(crate) fn Outcome(task: Task) -> impl IntoView {
    // Both are there from the beginning: screen readers do not announce an element that comes with its text.
    view! {
        <p class="message" role="alert">{move || task.failure()}</p>
        <p class="success" role="status">{move || task.success()}</p>
    }
}
