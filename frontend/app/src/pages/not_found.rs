//! What there is at any other address.

use leptos::prelude::*;

use crate::parts::Heading;

#[component]
pub(crate) fn NotFound() -> impl IntoView {
    view! {
        <Heading text="There is nothing here" />
        <p class="lead">
            "The address may be mistyped. "
            <a href="/" data-trace="open-home">"Go to the first page"</a>
        </p>
    }
}
