//! Icons as inline SVG, in the colour of the text; hidden from screen readers, so text stands beside each.

use leptos::prelude::*;

pub(crate) fn logo() -> impl IntoView {
    view! {
        <svg class="logo" viewBox="0 0 20 20" aria-hidden="true">
            <path d="M2 5h9M5 10h11M9 15h9" />
        </svg>
    }
}

pub(crate) fn error() -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
            <path d="M8 1.75 14.75 14H1.25ZM8 6.25v3.5M8 11.6v.4" />
        </svg>
    }
}

pub(crate) fn chevron() -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
            <path d="m6 4 4 4-4 4" />
        </svg>
    }
}

pub(crate) fn copy() -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
            <path d="M5.5 5.5v-3h8v8h-3M2.5 5.5h8v8h-8Z" />
        </svg>
    }
}

pub(crate) fn check() -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
            <path d="m3 8.5 3.5 3.5L13 4.5" />
        </svg>
    }
}

pub(crate) fn close() -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
            <path d="m4 4 8 8M12 4l-8 8" />
        </svg>
    }
}

pub(crate) fn refresh() -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
            <path d="M13.5 8a5.5 5.5 0 1 1-1.6-3.9M13.5 1.75V5h-3.25" />
        </svg>
    }
}

pub(crate) fn unlinked() -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
            <path d="M8 14V9.5M8 6.5V5M8 2.75V2M4.5 14h7" />
        </svg>
    }
}
