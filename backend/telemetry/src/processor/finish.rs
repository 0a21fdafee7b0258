//! The last shape of a span: which are dropped, what is hidden, and how long values may be.

use opentelemetry::{Array, KeyValue, StringValue, Value, trace::SpanKind};
use opentelemetry_sdk::trace::SpanData;
use throughline_core::names::http::ROUTE;

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

/// What happens to every span that has ended, before exporters get it.
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
    fn matches(&self, span: &SpanData) -> bool {
        match self {
            Self::Name(pattern) => like(pattern, &span.name),
            Self::Kind(kind) => span.span_kind == *kind,
            Self::Route(pattern) => span
                .attributes
                .iter()
                .find(|attribute| attribute.key.as_str() == ROUTE)
                .is_some_and(|route| like(pattern, &route.value.as_str())),
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
    pub(crate) fn drops(&self, span: &SpanData) -> bool {
        self.dropped.iter().any(|it| it.matches(span))
    }

    /// Gives a span its last shape, where it is: a span is half a kilobyte.
    pub(crate) fn shape(&self, span: &mut SpanData) {
        last_of_each(&mut span.attributes);
        if self.changes_nothing() {
            return;
        }
        self.attributes(&mut span.attributes);
        for event in &mut span.events.events {
            self.attributes(&mut event.attributes);
        }
        for link in &mut span.links.links {
            self.attributes(&mut link.attributes);
        }
    }

    fn changes_nothing(&self) -> bool {
        self.redacted.is_empty() && self.removed.is_empty() && self.value_length.is_none()
    }

    fn attributes(&self, attributes: &mut Vec<KeyValue>) {
        attributes.retain(|it| !has(&self.removed, it));
        for attribute in attributes {
            if has(&self.redacted, attribute) {
                attribute.value = REDACTED.into();
            } else if let Some(length) = self.value_length {
                cut(&mut attribute.value, length);
            }
        }
    }
}

/// Of an attribute that was set several times the last value counts (specification, `SetAttribute`); the SDK keeps them all.
fn last_of_each(attributes: &mut Vec<KeyValue>) {
    if !is_repeated(attributes) {
        return;
    }
    let mut kept: Vec<KeyValue> = Vec::with_capacity(attributes.len());
    for attribute in attributes.drain(..) {
        match kept.iter_mut().find(|it| it.key == attribute.key) {
            Some(known) => known.value = attribute.value,
            None => kept.push(attribute),
        }
    }
    *attributes = kept;
}

fn is_repeated(mut attributes: &[KeyValue]) -> bool {
    while let Some((one, others)) = attributes.split_first() {
        if others.iter().any(|it| it.key == one.key) {
            return true;
        }
        attributes = others;
    }
    false
}

fn has(keys: &[String], attribute: &KeyValue) -> bool {
    keys.iter().any(|key| key == attribute.key.as_str())
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
    fn an_attribute_that_was_set_twice_has_its_last_value() {
        let of = |pairs: &[(&'static str, i64)]| -> Vec<KeyValue> {
            let pairs = pairs.iter();
            pairs
                .map(|(key, value)| KeyValue::new(*key, *value))
                .collect()
        };
        let mut attributes = of(&[("a", 1), ("b", 2), ("a", 3), ("c", 4), ("a", 5)]);
        last_of_each(&mut attributes);
        assert_eq!(attributes, of(&[("a", 5), ("b", 2), ("c", 4)]));
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
