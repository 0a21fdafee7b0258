//! What a request is called: its method, its route, the name of its span.

use axum::extract::{MatchedPath, Request};
use throughline_core::names::http as names;

/// The route that matched, such as `/users/{id}`; none in a fallback.
pub(crate) fn route(request: &Request) -> Option<&str> {
    let matched = request.extensions().get::<MatchedPath>()?;
    Some(matched.as_str())
}

/// `{method} {route}`, or `{method}` where no route matched: never the path, whose values have no bound.
pub(crate) fn span_name(method: &str, route: Option<&str>) -> String {
    let method = match method {
        names::OTHER_METHOD => "HTTP",
        known => known,
    };
    match route {
        Some(route) => [method, " ", route].concat(),
        None => method.to_owned(),
    }
}

/// Path prefixes that are not traced. A prefix ends at a segment's border: `/live` excludes `/live/db`, not `/lively`.
#[derive(Clone, Debug)]
pub(crate) struct ExcludedPaths(Vec<String>);

// === impl ExcludedPaths ===

impl ExcludedPaths {
    pub(crate) fn new(prefixes: impl IntoIterator<Item = String>) -> Self {
        let trimmed = prefixes
            .into_iter()
            .map(|prefix| prefix.trim_end_matches('/').to_owned());
        Self(trimmed.collect())
    }

    pub(crate) fn contain(&self, path: &str) -> bool {
        self.0.iter().any(|prefix| {
            path.strip_prefix(prefix.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_ends_at_the_border_of_a_segment() {
        let excluded = ExcludedPaths::new(["/v1".to_owned(), "/telemetry/".to_owned()]);
        assert!(excluded.contain("/v1"));
        assert!(excluded.contain("/v1/traces"));
        assert!(excluded.contain("/telemetry"));
        assert!(excluded.contain("/telemetry/api/traces"));
        assert!(!excluded.contain("/v10"));
        assert!(!excluded.contain("/api/v1/users"));
    }

    #[test]
    fn a_span_is_named_by_method_and_route() {
        assert_eq!(span_name("GET", Some("/users/{id}")), "GET /users/{id}");
        assert_eq!(span_name("GET", None), "GET");
        assert_eq!(span_name("_OTHER", Some("/")), "HTTP /");
    }
}
