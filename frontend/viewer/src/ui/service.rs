//! A service by its colour and name.

use leptos::prelude::*;
use throughline_viewer::colour;

/// The colour of a service, as the style property from which the style sheet makes all its shades.
pub(crate) fn hue(service: &str) -> (&'static str, String) {
    ("--hue", colour::hue(service).to_string())
}

#[component]
pub(crate) fn Service(
    #[prop(into)] name: String,
    /// How many spans it has, where that is of interest.
    #[prop(optional)]
    spans: Option<usize>,
) -> impl IntoView {
    let hue = hue(&name);
    view! {
        <span class="service" style=hue>
            {name}
            {spans.map(|spans| view! { <span class="count">{spans}</span> })}
        </span>
    }
}
