//! Which methods are told by name.

use http::Method;
use opentelemetry::StringValue;
use std::sync::OnceLock;
use throughline_core::names::http::{KNOWN_METHODS, OTHER_METHOD};

/// The methods that `http.request.method` may tell. Others are `_OTHER`, for a client may send any.
#[derive(Clone, Debug)]
pub(crate) struct KnownMethods(Vec<StringValue>);

/// Those of the process's HTTP clients. Like OpenTelemetry's propagator they are global, and set by the installation.
static OF_CLIENTS: OnceLock<KnownMethods> = OnceLock::new();

// === impl KnownMethods ===

impl KnownMethods {
    /// In place of the default, as the semantic conventions ask. Methods are case-sensitive.
    pub(crate) fn new(names: Vec<String>) -> Self {
        // Shared by all spans.
        let shared = |name: String| std::sync::Arc::<str>::from(name).into();
        Self(names.into_iter().map(shared).collect())
    }

    pub(crate) fn set_for_clients(&self) {
        let _only_once = OF_CLIENTS.set(self.clone());
    }

    pub(crate) fn of_clients() -> &'static Self {
        OF_CLIENTS.get_or_init(Self::default)
    }

    /// The value of `http.request.method`.
    pub(crate) fn told(&self, method: &Method) -> StringValue {
        let known = self
            .0
            .iter()
            .find(|known| known.as_str() == method.as_str());
        known.cloned().unwrap_or(OTHER_METHOD.into())
    }
}

impl Default for KnownMethods {
    fn default() -> Self {
        Self(KNOWN_METHODS.map(Into::into).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_or_misspelled_method_is_other() {
        let told = |known: &KnownMethods, name: &str| {
            let method = Method::from_bytes(name.as_bytes()).unwrap();
            known.told(&method).to_string()
        };
        let default = KnownMethods::default();
        assert_eq!(told(&default, "POST"), "POST");
        assert_eq!(told(&default, "post"), "_OTHER");
        assert_eq!(told(&default, "PURGE"), "_OTHER");
        let purging = KnownMethods::new(vec!["GET".to_owned(), "PURGE".to_owned()]);
        assert_eq!(told(&purging, "PURGE"), "PURGE");
        assert_eq!(told(&purging, "POST"), "_OTHER");
    }
}
