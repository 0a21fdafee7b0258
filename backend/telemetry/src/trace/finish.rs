//! The shape in which spans are exported: which are dropped, what is hidden, and how long values may be.

use super::SpanSettings;
use opentelemetry::{Array, KeyValue, StringValue, Value, trace::SpanKind};
use throughline_core::{
    names::http::ROUTE,
    otlp::{self, Any, Max, Recording},
};

/// Which spans are meant. A text may begin or end with `*`, for any text there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SpanMatch {
    /// Spans of this name.
    Name(String),
    /// Spans of requests to this route (`http.route`).
    Route(String),
    /// Spans of this kind.
    Kind(SpanKind),
}

/// What exporters get of spans. Attributes have their shape as soon as they are set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Finish {
    /// These are not exported, nor counted in ledgers.
    pub(crate) dropped: Vec<SpanMatch>,
    /// The values of these attributes are replaced.
    pub(crate) redacted: Vec<String>,
    /// These attributes are taken away.
    pub(crate) removed: Vec<String>,
    /// Characters of a text at most, also within a list.
    pub(crate) value_length: Option<usize>,
}

/// What stands in the place of a value that is hidden.
const REDACTED: &str = "REDACTED";

// === impl SpanMatch ===

impl SpanMatch {
    fn matches(&self, span: &Recording) -> bool {
        match self {
            Self::Name(pattern) => like(pattern, &span.name),
            Self::Kind(kind) => span.kind == otlp::kind(kind),
            // Seen when the attribute is set, for it may be exported in another shape.
            Self::Route(_) => false,
        }
    }
}

fn like(pattern: &str, text: &str) -> bool {
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(""), _) => true,
        (Some(end), None) => text.ends_with(end),
        (None, Some(start)) => text.starts_with(start),
        (Some(rest), Some(_)) => text.contains(rest.trim_end_matches('*')),
        (None, None) => pattern == text,
    }
}

// === impl Finish ===

impl Finish {
    /// Whether a span is dropped. Its children keep its id as their parent's: drop leaves, or whole requests.
    pub(super) fn drops(&self, span: &Recording) -> bool {
        self.dropped.iter().any(|it| it.matches(span))
    }

    /// Whether spans are dropped by their routes.
    pub(super) fn looks_at_routes(&self) -> bool {
        let mut dropped = self.dropped.iter();
        dropped.any(|it| matches!(it, SpanMatch::Route(_)))
    }

    /// Whether this attribute says that its span is dropped, or no longer; none if it says nothing of that.
    fn drops_by(&self, key: &str, value: &Any<'_>) -> Option<bool> {
        if key != ROUTE || !self.looks_at_routes() {
            return None;
        }
        let Any::Text(route) = value else {
            return Some(false);
        };
        let is_like =
            |it: &SpanMatch| matches!(it, SpanMatch::Route(like_this) if like(like_this, route));
        Some(self.dropped.iter().any(is_like))
    }

    /// Whether attributes are exported as they are set.
    pub(super) fn changes_nothing(&self) -> bool {
        self.redacted.is_empty() && self.removed.is_empty() && self.value_length.is_none()
    }

    /// Writes the value of an attribute in the shape in which it is exported, if it is.
    fn value(&self, key: &str, value: &Any<'_>, write: impl FnOnce(&Any<'_>)) {
        if self.changes_nothing() {
            return write(value);
        }
        if has(&self.removed, key) {
            return;
        }
        if has(&self.redacted, key) {
            return write(&Any::Text(REDACTED));
        }
        match (*value, self.value_length) {
            (Any::Text(text), Some(length)) => {
                write(&Any::Text(shorter(text, length).unwrap_or(text)));
            }
            (Any::Array(array), Some(length)) => {
                let mut array = Value::Array(array.clone());
                cut(&mut array, length);
                write(&Any::from(&array));
            }
            _ => write(value),
        }
    }

    /// Attributes in the shape in which they are exported.
    pub(super) fn attributes(&self, mut attributes: Vec<KeyValue>) -> Vec<KeyValue> {
        attributes.retain(|it| !has(&self.removed, it.key.as_str()));
        for attribute in &mut attributes {
            if has(&self.redacted, attribute.key.as_str()) {
                attribute.value = REDACTED.into();
            } else if let Some(length) = self.value_length {
                cut(&mut attribute.value, length);
            }
        }
        attributes
    }
}

impl SpanSettings {
    /// Writes the value of an attribute in the shape in which it is exported, within its limits, and notes if it says that
    /// its span is dropped.
    pub(super) fn shape(
        &self,
        key: &str,
        value: &Any<'_>,
        is_dropped: &mut bool,
        write: impl FnOnce(&Any<'_>, Max),
    ) {
        if let Some(drops) = self.finish.drops_by(key, value) {
            *is_dropped = drops;
        }
        let max = self.limits.attributes;
        self.finish.value(key, value, |value| write(value, max));
    }
}

fn has(keys: &[String], key: &str) -> bool {
    keys.iter().any(|it| it == key)
}

/// The specification counts characters, and cuts each text of a list by itself.
fn cut(value: &mut Value, length: usize) {
    match value {
        Value::String(text) => cut_text(text, length),
        Value::Array(Array::String(texts)) => {
            texts.iter_mut().for_each(|text| cut_text(text, length));
        }
        _ => {}
    }
}

fn cut_text(text: &mut StringValue, length: usize) {
    if let Some(shorter) = shorter(text.as_str(), length) {
        *text = shorter.to_owned().into();
    }
}

/// The first so many characters, if there are more.
pub(crate) fn shorter(text: &str, characters: usize) -> Option<&str> {
    // A text of so many bytes has no more characters.
    if text.len() <= characters {
        return None;
    }
    let (end, _) = text.char_indices().nth(characters)?;
    text.get(..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_may_be_open_at_its_ends() {
        assert!(like("GET /health", "GET /health"));
        assert!(!like("GET /health", "GET /healthy"));
        assert!(like("GET *", "GET /health"));
        assert!(like("*/health", "GET /health"));
        assert!(like("*heal*", "GET /health"));
        assert!(like("*", "anything"));
        assert!(!like("POST *", "GET /health"));
    }

    #[test]
    fn texts_are_cut_by_characters_and_not_within_one() {
        let cut_to = |text: &str, length| {
            let mut value = Value::from(text.to_owned());
            cut(&mut value, length);
            value.to_string()
        };
        assert_eq!(cut_to("äöü", 2), "äö");
        assert_eq!(cut_to("äöü", 3), "äöü");
        assert_eq!(cut_to("abc", 0), "");
    }

    #[test]
    fn each_text_of_a_list_is_cut_and_numbers_are_left() {
        let mut list = Value::Array(Array::String(vec!["abcdef".into(), "ab".into()]));
        cut(&mut list, 3);
        assert_eq!(list.to_string(), "[\"abc\",\"ab\"]");
        let mut number = Value::I64(123_456);
        cut(&mut number, 3);
        assert_eq!(number, Value::I64(123_456));
    }
}
