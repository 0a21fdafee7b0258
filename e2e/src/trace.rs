//! A trace as the query API gives it (OTLP/JSON), and as text that a reader sees at a glance.

use std::collections::BTreeMap;
use std::fmt::Write;

use anyhow::{Context, Result};
use serde_json::Value;

/// One span.
#[derive(Clone, Debug)]
pub struct Span {
    /// `service.name` of the resource.
    pub service: String,
    /// All attributes of the resource.
    pub resource: BTreeMap<String, String>,
    /// Its name.
    pub name: String,
    /// `INTERNAL`, `SERVER`, `CLIENT`…
    pub kind: &'static str,
    /// `Unset`, `Ok`, `Error`, or `Error "description"`.
    pub status: String,
    /// Attributes, values as text.
    pub attributes: BTreeMap<String, String>,
    /// Lower-case hex.
    pub trace_id: String,
    /// Lower-case hex.
    pub span_id: String,
    /// The span id of the parent, none for a root.
    pub parent: Option<String>,
    /// Unix time.
    pub start_nanos: u128,
    /// Unix time.
    pub end_nanos: u128,
}

/// The spans of one trace, by start.
#[derive(Clone, Debug, Default)]
pub struct Trace(pub Vec<Span>);

/// The attributes that a tree shows: what the same action gives on any machine and port.
const SHOWN: &[&str] = &[
    "auth.method",
    "auth.password_valid",
    "auth.success",
    "crypto.algorithm",
    "db.collection.name",
    "db.operation.name",
    "db.system.name",
    "error.type",
    "http.request.method",
    "http.response.status_code",
    "http.route",
];

// === impl Trace ===

impl Trace {
    /// Reads `{"resourceSpans":[…]}`.
    pub fn from_otlp(document: &Value) -> Result<Self> {
        let mut spans = Vec::new();
        for of_resource in items(&document["resourceSpans"]) {
            let resource = attributes(&of_resource["resource"]["attributes"]);
            for of_scope in items(&of_resource["scopeSpans"]) {
                for span in items(&of_scope["spans"]) {
                    let span = Span::from_otlp(span, &resource);
                    spans.push(span.with_context(|| format!("not a span: {document}"))?);
                }
            }
        }
        spans.sort_by(|a, b| (a.start_nanos, &a.name).cmp(&(b.start_nanos, &b.name)));
        Ok(Self(spans))
    }

    /// The spans without a parent.
    pub fn roots(&self) -> impl Iterator<Item = &Span> {
        self.0.iter().filter(|it| it.parent.is_none())
    }

    /// The only span of that name.
    pub fn span(&self, name: &str) -> Result<&Span> {
        let mut found = self.0.iter().filter(|it| it.name == name);
        let span = found
            .next()
            .with_context(|| format!("no span {name} in\n{}", self.tree()))?;
        anyhow::ensure!(
            found.next().is_none(),
            "two spans {name} in\n{}",
            self.tree()
        );
        Ok(span)
    }

    /// Whether there is a span with that id.
    pub fn has(&self, span_id: &str) -> bool {
        self.0.iter().any(|it| it.span_id == span_id)
    }

    /// `name [service KIND status] attribute=value`, children indented below their parent in the order in which they
    /// started. A span whose parent is not there is an orphan, and says so.
    pub fn tree(&self) -> String {
        let mut text = String::new();
        for span in &self.0 {
            match &span.parent {
                None => self.write(span, 0, &mut text),
                Some(parent) if !self.has(parent) => {
                    text.push_str("orphan: ");
                    self.write(span, 0, &mut text);
                }
                Some(_) => {}
            }
        }
        text
    }

    fn write(&self, span: &Span, depth: usize, text: &mut String) {
        let Span {
            name,
            service,
            kind,
            status,
            ..
        } = span;
        let indent = depth * 2;
        write!(text, "{:indent$}{name} [{service} {kind} {status}]", "").ok();
        for (key, value) in span
            .attributes
            .iter()
            .filter(|it| SHOWN.contains(&it.0.as_str()))
        {
            write!(text, " {key}={value}").ok();
        }
        text.push('\n');
        for child in self
            .0
            .iter()
            .filter(|it| it.parent.as_ref() == Some(&span.span_id))
        {
            self.write(child, depth + 1, text);
        }
    }
}

// === impl Span ===

impl Span {
    fn from_otlp(span: &Value, resource: &BTreeMap<String, String>) -> Option<Self> {
        let id = |key: &str| {
            span[key]
                .as_str()
                .filter(|it| !it.is_empty())
                .map(str::to_lowercase)
        };
        let nanos = |key: &str| span[key].as_str()?.parse().ok();
        Some(Self {
            service: resource.get("service.name").cloned().unwrap_or_default(),
            resource: resource.clone(),
            name: span["name"].as_str()?.to_owned(),
            kind: kind(span["kind"].as_u64()),
            status: status(&span["status"]),
            attributes: attributes(&span["attributes"]),
            trace_id: id("traceId")?,
            span_id: id("spanId")?,
            parent: id("parentSpanId"),
            start_nanos: nanos("startTimeUnixNano")?,
            end_nanos: nanos("endTimeUnixNano")?,
        })
    }

    /// The attribute, empty if it is not there.
    pub fn attribute(&self, key: &str) -> &str {
        self.attributes.get(key).map_or("", String::as_str)
    }
}

fn kind(kind: Option<u64>) -> &'static str {
    match kind {
        Some(1) => "INTERNAL",
        Some(2) => "SERVER",
        Some(3) => "CLIENT",
        Some(4) => "PRODUCER",
        Some(5) => "CONSUMER",
        _ => "UNSPECIFIED",
    }
}

fn status(status: &Value) -> String {
    let code = match status["code"].as_u64() {
        Some(1) => "Ok",
        Some(2) => "Error",
        _ => "Unset",
    };
    match status["message"].as_str() {
        None | Some("") => code.to_owned(),
        Some(description) => format!("{code} {description:?}"),
    }
}

fn attributes(attributes: &Value) -> BTreeMap<String, String> {
    let read = |it: &Value| Some((it["key"].as_str()?.to_owned(), text(&it["value"])));
    items(attributes).filter_map(read).collect()
}

/// An OTLP `AnyValue` as text.
fn text(value: &Value) -> String {
    match value.as_object().and_then(|it| it.values().next()) {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    }
}

fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}
