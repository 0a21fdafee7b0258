//! The attributes that spans of this crate's instrumentation start with.

use super::{SpanSettings, memory};
use opentelemetry::{KeyValue, Value};
use throughline_core::otlp::{Any, Attributes, Max, SPAN_ATTRIBUTES};

/// What takes the attributes that a span starts with, of keys that there are none of yet.
pub(crate) trait Start {
    /// Begins with attributes that others begin with too: before any are added.
    fn repeat(&mut self, repeated: &Repeated);

    fn add(&mut self, key: &'static str, value: Any<'_>);

    fn add_all(&mut self, attributes: &[KeyValue]);

    fn text(&mut self, key: &'static str, text: &str) {
        self.add(key, Any::Text(text));
    }
}

/// Attributes in the shape in which they are exported.
#[derive(Debug)]
pub(super) struct Written<'a> {
    pub(super) attributes: Attributes,
    settings: &'a SpanSettings,
    /// One of them says that the span is not exported.
    pub(super) is_dropped: bool,
}

/// Attributes that many spans start with, encoded once.
#[derive(Debug)]
pub(crate) struct Repeated {
    encoded: Attributes,
    as_set: Vec<KeyValue>,
}

// === impl Written ===

impl<'a> Written<'a> {
    pub(super) fn new(settings: &'a SpanSettings) -> Self {
        Self {
            attributes: Attributes::within(memory::buffer(), SPAN_ATTRIBUTES),
            settings,
            is_dropped: false,
        }
    }

    fn shape(&mut self, key: &str, value: &Any<'_>) {
        let attributes = &mut self.attributes;
        self.settings
            .shape(key, value, &mut self.is_dropped, |value, max| {
                attributes.add(key, value, max);
            });
    }
}

impl Start for Written<'_> {
    fn repeat(&mut self, repeated: &Repeated) {
        let (finish, max) = (&self.settings.finish, self.settings.limits.attributes.count);
        let as_they_are = finish.changes_nothing() && !finish.looks_at_routes();
        if as_they_are && repeated.as_set.len() <= max {
            self.attributes.repeat(&repeated.encoded);
        } else {
            self.add_all(&repeated.as_set);
        }
    }

    fn add(&mut self, key: &'static str, value: Any<'_>) {
        self.shape(key, &value);
    }

    fn add_all(&mut self, attributes: &[KeyValue]) {
        for it in attributes {
            self.shape(it.key.as_str(), &Any::from(&it.value));
        }
    }
}

/// As they are added: for those who want to see them.
impl Start for Vec<KeyValue> {
    fn repeat(&mut self, repeated: &Repeated) {
        self.add_all(&repeated.as_set);
    }

    fn add(&mut self, key: &'static str, value: Any<'_>) {
        self.extend(owned(value).map(|value| KeyValue::new(key, value)));
    }

    fn add_all(&mut self, attributes: &[KeyValue]) {
        self.extend_from_slice(attributes);
    }
}

// === impl Repeated ===

impl Repeated {
    pub(crate) fn new(attributes: Vec<KeyValue>) -> Self {
        let mut encoded = Attributes::of_field(SPAN_ATTRIBUTES, 0);
        encoded.set_all(&attributes, Max::UNLIMITED);
        Self {
            encoded,
            as_set: attributes,
        }
    }
}

/// None of what the API has no value for.
fn owned(value: Any<'_>) -> Option<Value> {
    Some(match value {
        Any::Bool(it) => it.into(),
        Any::Int(it) => it.into(),
        Any::Double(it) => it.into(),
        Any::Text(it) => it.to_owned().into(),
        Any::Array(it) => Value::Array(it.clone()),
        Any::List(_) | Any::Encoded(_) | Any::Unknown => return None,
    })
}
