//! What was exported, as OTLP's messages say it: of each, the fields that tests look at.

use prost::Message;

/// A span that was exported.
#[derive(Clone, PartialEq, Message)]
pub struct Span {
    #[prost(bytes = "vec", tag = "1")]
    pub trace_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    pub span_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "4")]
    pub parent_span_id: Vec<u8>,
    #[prost(string, tag = "5")]
    pub name: String,
    #[prost(int32, tag = "6")]
    pub kind: i32,
    #[prost(fixed64, tag = "7")]
    pub start: u64,
    #[prost(fixed64, tag = "8")]
    pub end: u64,
    #[prost(message, repeated, tag = "9")]
    pub attributes: Vec<KeyValue>,
    #[prost(message, optional, tag = "15")]
    pub status: Option<Status>,
    #[prost(fixed32, tag = "16")]
    pub flags: u32,
}

/// A log record that was exported, with the name of its scope.
#[derive(Clone, PartialEq, Message)]
pub struct Log {
    #[prost(fixed64, tag = "1")]
    pub at: u64,
    #[prost(int32, tag = "2")]
    pub severity: i32,
    #[prost(string, tag = "3")]
    pub severity_text: String,
    #[prost(message, optional, tag = "5")]
    pub body: Option<AnyValue>,
    #[prost(message, repeated, tag = "6")]
    pub attributes: Vec<KeyValue>,
    #[prost(uint32, tag = "7")]
    pub dropped_attributes: u32,
    #[prost(fixed32, tag = "8")]
    pub flags: u32,
    #[prost(bytes = "vec", tag = "9")]
    pub trace_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "10")]
    pub span_id: Vec<u8>,
    #[prost(fixed64, tag = "11")]
    pub observed_at: u64,
    #[prost(string, tag = "12")]
    pub event_name: String,
    #[prost(string, tag = "1000")]
    pub scope: String,
}

#[derive(Clone, PartialEq, Message)]
pub struct Status {
    #[prost(int32, tag = "3")]
    pub code: i32,
}

#[derive(Clone, PartialEq, Message)]
pub struct KeyValue {
    #[prost(string, tag = "1")]
    pub key: String,
    #[prost(message, optional, tag = "2")]
    pub value: Option<AnyValue>,
}

#[derive(Clone, PartialEq, Message)]
pub struct AnyValue {
    #[prost(string, optional, tag = "1")]
    pub text: Option<String>,
    #[prost(bool, optional, tag = "2")]
    pub bool: Option<bool>,
    #[prost(int64, optional, tag = "3")]
    pub int: Option<i64>,
    #[prost(double, optional, tag = "4")]
    pub double: Option<f64>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Export {
    #[prost(message, repeated, tag = "1")]
    pub(super) resources: Vec<ResourceSpans>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct ResourceSpans {
    #[prost(message, optional, tag = "1")]
    pub(super) resource: Option<Resource>,
    #[prost(message, repeated, tag = "2")]
    pub(super) scopes: Vec<ScopeSpans>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Resource {
    #[prost(message, repeated, tag = "1")]
    pub(super) attributes: Vec<KeyValue>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct ScopeSpans {
    #[prost(message, repeated, tag = "2")]
    pub(super) spans: Vec<Span>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct LogsExport {
    #[prost(message, repeated, tag = "1")]
    pub(super) resources: Vec<ResourceLogs>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct ResourceLogs {
    #[prost(message, repeated, tag = "2")]
    pub(super) scopes: Vec<ScopeLogs>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct ScopeLogs {
    #[prost(message, optional, tag = "1")]
    pub(super) scope: Option<Scope>,
    #[prost(message, repeated, tag = "2")]
    pub(super) logs: Vec<Log>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Scope {
    #[prost(string, tag = "1")]
    pub(super) name: String,
}

/// The trace as text: names, indented.
pub fn tree(spans: &[Span]) -> String {
    fn below(spans: &[Span], parent: &[u8], depth: usize, text: &mut String) {
        let mut children: Vec<_> = spans
            .iter()
            .filter(|it| it.parent_span_id == parent)
            .collect();
        children.sort_by_key(|it| it.start);
        for child in children {
            text.push_str(&format!("{}{}\n", "  ".repeat(depth), child.name));
            below(spans, &child.span_id, depth + 1, text);
        }
    }
    let mut text = String::new();
    below(spans, &[], 0, &mut text);
    text
}

impl Log {
    pub fn trace(&self) -> String {
        hex(&self.trace_id)
    }

    pub fn span(&self) -> String {
        hex(&self.span_id)
    }

    pub fn body(&self) -> Option<String> {
        self.body.clone()?.text
    }

    pub fn text(&self, key: &str) -> Option<String> {
        self.value(key)?.text
    }

    pub fn int(&self, key: &str) -> Option<i64> {
        self.value(key)?.int
    }

    pub fn bool(&self, key: &str) -> Option<bool> {
        self.value(key)?.bool
    }

    pub fn double(&self, key: &str) -> Option<f64> {
        self.value(key)?.double
    }

    fn value(&self, key: &str) -> Option<AnyValue> {
        let mut attributes = self.attributes.iter();
        attributes.find(|it| it.key == key)?.value.clone()
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Span {
    pub fn trace(&self) -> String {
        hex(&self.trace_id)
    }

    pub fn text(&self, key: &str) -> Option<String> {
        self.attributes
            .iter()
            .find(|it| it.key == key)?
            .value
            .clone()?
            .text
    }

    pub fn int(&self, key: &str) -> Option<i64> {
        self.attributes
            .iter()
            .find(|it| it.key == key)?
            .value
            .clone()?
            .int
    }

    pub fn double(&self, key: &str) -> Option<f64> {
        self.attributes
            .iter()
            .find(|it| it.key == key)?
            .value
            .clone()?
            .double
    }

    pub fn bool(&self, key: &str) -> Option<bool> {
        self.attributes
            .iter()
            .find(|it| it.key == key)?
            .value
            .clone()?
            .bool
    }

    pub fn is_error(&self) -> bool {
        self.status.as_ref().is_some_and(|it| it.code == 2)
    }
}
