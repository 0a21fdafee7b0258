//! The button that sends a form.

use leptos::prelude::*;

#[component]
pub(crate) fn Submit(
    /// What the click is called in a trace, and the button's id.
    trace: &'static str,
    #[prop(into)] busy: Signal<bool>,
    label: &'static str,
    /// What it says while it is busy.
    busy_label: &'static str,
) -> impl IntoView {
    // Not `disabled`: that would take the focus away.
    view! {
        <button
            id=trace
            type="submit"
            class="primary"
            data-trace=trace
            aria-disabled=move || busy.get().then_some("true")
        >
            <span class="spinner" hidden=move || !busy.get()></span>
            {move || if busy.get() { busy_label } else { label }}
        </button>
    }
}
