//! The name of the application, as each page shows it.

use leptos::prelude::*;

#[component]
pub(crate) fn Brand() -> impl IntoView {
    view! {
        <div class="brand">
            <svg viewBox="0 0 32 32" width="32" height="32" aria-hidden="true">
                <rect class="brand-tile" width="32" height="32" rx="8" />
                <rect class="brand-root" x="6" y="8" width="20" height="4" rx="2" />
                <rect class="brand-child" x="10" y="14" width="13" height="4" rx="2" />
                <rect class="brand-leaf" x="13" y="20" width="7" height="4" rx="2" />
            </svg>
            <span>"RAG Admin"</span>
        </div>
    }
}
