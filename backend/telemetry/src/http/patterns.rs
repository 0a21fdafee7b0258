//! Lists of regular expressions: which URLs are not traced, which headers are captured.
//!
//! The syntax is that of the [`regex`] crate, whose time is linear in the length of what it looks at: nobody can send a
//! text that keeps the server busy.

use super::invalid::InvalidHttpSetting;
use regex::RegexSet;

/// Names of headers: a pattern has to match the whole name, in upper or lower case.
pub(crate) fn names(patterns: &[String]) -> Result<RegexSet, InvalidHttpSetting> {
    compile(
        patterns
            .iter()
            .map(|pattern| format!("(?i)^(?:{pattern})$")),
        patterns,
    )
}

/// URLs: a pattern has to match any part.
pub(crate) fn urls(patterns: &[String]) -> Result<RegexSet, InvalidHttpSetting> {
    compile(patterns.iter().cloned(), patterns)
}

/// The elements of a variable: `client/.*/info, healthcheck`. A comma cannot be part of one.
pub(crate) fn list(variable: &str) -> Vec<String> {
    let elements = variable.split(',').map(str::trim);
    elements
        .filter(|element| !element.is_empty())
        .map(str::to_owned)
        .collect()
}

fn compile(
    expressions: impl Iterator<Item = String>,
    patterns: &[String],
) -> Result<RegexSet, InvalidHttpSetting> {
    RegexSet::new(expressions).map_err(|error| InvalidHttpSetting::Pattern {
        patterns: patterns.join(","),
        source: Box::new(error),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_matched_as_a_whole_in_any_case() {
        let names = names(&list("X-Request-.*, accept")).unwrap();
        assert!(names.is_match("x-request-id"));
        assert!(names.is_match("accept"));
        assert!(!names.is_match("accept-language"));
        assert!(!names.is_match("not-x-request-id"));
    }

    #[test]
    fn a_url_is_searched() {
        let urls = urls(&list("client/.*/info,healthcheck$")).unwrap();
        assert!(urls.is_match("https://example.com/client/7/info"));
        assert!(urls.is_match("http://example.com/healthcheck"));
        assert!(!urls.is_match("http://example.com/healthcheck/7"));
    }

    #[test]
    fn no_pattern_matches_nothing() {
        assert!(!urls(&list(" , ")).unwrap().is_match(""));
    }

    #[test]
    fn what_is_no_regular_expression_is_refused() {
        let error = urls(&list("a,(")).unwrap_err();
        assert!(error.to_string().contains("a,("), "{error}");
    }
}
