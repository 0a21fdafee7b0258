//! The provider that one can sign in with, beside the password.

use leptos::prelude::{document, window};
use wasm_bindgen::JsValue;

/// Where the server sends the browser on to it.
pub(crate) const START: &str = rag_admin_api::paths::PROVIDER_START;

/// What it is called, if there is one: the server writes it into the page.
pub(crate) fn name() -> Option<String> {
    let tag = document().query_selector("meta[name=sign-in-provider]");
    tag.ok()??.get_attribute("content")
}

/// Whether the person comes back from it, and is not signed in. The address says so, once.
pub(crate) fn has_failed() -> bool {
    let search = window().location().search();
    let has_failed = search.is_ok_and(|it| it == rag_admin_api::paths::PROVIDER_FAILED);
    if has_failed && let Ok(history) = window().history() {
        // If the address stays, a reload tells it again.
        let _ = history.replace_state_with_url(&JsValue::NULL, "", Some("/"));
    }
    has_failed
}
