//! A field of a form, with its label.

use leptos::{html, prelude::*};

#[component]
pub(crate) fn Field(
    id: &'static str,
    label: &'static str,
    /// The `type` of the input.
    #[prop(into)]
    kind: Signal<&'static str>,
    /// What a password manager is to make of it.
    autocomplete: &'static str,
    /// What is below the field.
    #[prop(optional, into)]
    hint: String,
    node_ref: NodeRef<html::Input>,
) -> impl IntoView {
    let hint_id = (!hint.is_empty()).then(|| format!("{id}-hint"));
    view! {
        <div class="field">
            <label for=id>{label}</label>
            <input
                id=id
                name=id
                type=move || kind.get()
                autocomplete=autocomplete
                autocapitalize="none"
                spellcheck="false"
                required
                aria-describedby=hint_id.clone()
                node_ref=node_ref
            />
            {hint_id.map(|id| view! { <p id=id class="hint">{hint}</p> })}
        </div>
    }
}

/// What is typed into a field that is on the page.
pub(crate) fn value(field: NodeRef<html::Input>) -> String {
    let field = field.get_untracked();
    field.map(|field| field.value()).unwrap_or_default()
}
