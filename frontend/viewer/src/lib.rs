//! The trace viewer in Leptos.
