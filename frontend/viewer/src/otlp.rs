//! A trace as the API answers it: OTLP/JSON, read leniently.
//!
//! The collector has validated the spans already. A field that is missing, null or of an unknown kind costs that field
//! and never the trace: a viewer that shows nothing helps nobody.

mod value;

use std::fmt;
use std::sync::Arc;

use serde_json::Value as Json;

pub use self::value::{Attribute, Value};
use crate::json::{list, text, unsigned};

/// What one service reported under one resource is referred to by index, so that a span stays small.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Trace {
    /// The resources that reported spans.
    pub resources: Vec<Resource>,
    /// The instrumentation scopes that recorded them.
    pub scopes: Vec<Scope>,
    /// The spans in the order of the answer, duplicates included.
    pub spans: Vec<Span>,
}

/// Who reported a span.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Resource {
    /// `service.name`, or `unknown_service` as the semantic conventions have it.
    pub service: Arc<str>,
    /// All attributes, `service.name` included.
    pub attributes: Vec<Attribute>,
}

/// The library that recorded a span.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scope {
    /// Its name; may be empty.
    pub name: String,
    /// Its version; may be empty.
    pub version: String,
    /// Its attributes.
    pub attributes: Vec<Attribute>,
}

/// One operation.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    /// The trace that it belongs to.
    pub trace_id: Id,
    /// Its own id.
    pub span_id: Id,
    /// The span that caused it; `None` for a root.
    pub parent: Option<Id>,
    /// `tracestate` as it was propagated; may be empty.
    pub trace_state: String,
    /// What was done.
    pub name: Arc<str>,
    /// Which side of a call it is.
    pub kind: Kind,
    /// Nanoseconds since the Unix epoch, by the clock of whoever reported it.
    pub start: u64,
    /// Nanoseconds since the Unix epoch; never before `start`.
    pub end: u64,
    /// What is known of the operation.
    pub attributes: Vec<Attribute>,
    /// What happened during it.
    pub events: Vec<Event>,
    /// Spans that are related without being its parent.
    pub links: Vec<Link>,
    /// How it ended.
    pub status: Status,
    /// Index into [`Trace::resources`].
    pub resource: usize,
    /// Index into [`Trace::scopes`].
    pub scope: usize,
    /// Attributes, events and links that the reporter dropped at its limits.
    pub dropped: u64,
}

/// A trace or span id: lower-case hexadecimal, not empty and not all zeros.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id(Arc<str>);

/// A moment within a span.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Nanoseconds since the Unix epoch.
    pub time: u64,
    /// What happened, e.g. `exception`.
    pub name: String,
    /// What is known of it.
    pub attributes: Vec<Attribute>,
}

/// A reference to a span of this or another trace.
#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    /// The trace of the span that is linked to.
    pub trace_id: Id,
    /// The span that is linked to, if the link names one.
    pub span_id: Option<Id>,
    /// What is known of the relation.
    pub attributes: Vec<Attribute>,
}

/// Which side of which call a span is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Not said, or not known to this version.
    Unspecified,
    /// Within one process.
    Internal,
    /// A request that was received.
    Server,
    /// A request that was sent.
    Client,
    /// A message that was put into a queue.
    Producer,
    /// A message that was taken from a queue.
    Consumer,
}

/// How an operation ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// Nobody said: the normal case.
    Unset,
    /// Explicitly a success.
    Ok,
    /// A failure, with a message that may be empty.
    Error(String),
}

impl Trace {
    /// Reads an answer of `/telemetry/api/traces/{id}`. Spans without an id are left out: nothing can refer to them.
    ///
    /// # Errors
    /// When the text is not JSON.
    pub fn parse(body: &str) -> Result<Self, serde_json::Error> {
        let answer: Json = serde_json::from_str(body)?;
        let mut trace = Self::default();
        for group in list(&answer, "resourceSpans") {
            let resource = trace.resources.len();
            trace
                .resources
                .push(Resource::read(group.get("resource").unwrap_or(&Json::Null)));
            for scoped in list(group, "scopeSpans") {
                let scope = trace.scopes.len();
                trace
                    .scopes
                    .push(Scope::read(scoped.get("scope").unwrap_or(&Json::Null)));
                let spans = list(scoped, "spans").iter();
                trace
                    .spans
                    .extend(spans.filter_map(|span| Span::read(span, resource, scope)));
            }
        }
        Ok(trace)
    }

    /// The resource that reported a span.
    pub fn resource(&self, span: &Span) -> Option<&Resource> {
        self.resources.get(span.resource)
    }

    /// The scope that recorded a span.
    pub fn scope(&self, span: &Span) -> Option<&Scope> {
        self.scopes.get(span.scope)
    }

    /// The name of the service that reported a span.
    pub fn service(&self, span: &Span) -> Arc<str> {
        self.resource(span)
            .map(|resource| Arc::clone(&resource.service))
            .unwrap_or_default()
    }
}

// === impl Resource, Scope ===

impl Resource {
    fn read(json: &Json) -> Self {
        let attributes = value::attributes(json);
        let named = attributes
            .iter()
            .find(|attribute| attribute.key == "service.name");
        let service = match named.map(|attribute| &attribute.value) {
            Some(Value::Text(name)) if !name.is_empty() => name.as_str().into(),
            _ => "unknown_service".into(),
        };
        Self {
            service,
            attributes,
        }
    }
}

impl Scope {
    fn read(json: &Json) -> Self {
        Self {
            name: text(json, "name").into(),
            version: text(json, "version").into(),
            attributes: value::attributes(json),
        }
    }
}

// === impl Span ===

impl Span {
    /// How long it took.
    pub fn nanos(&self) -> u64 {
        self.end.saturating_sub(self.start)
    }

    /// Whether it failed.
    pub fn is_error(&self) -> bool {
        matches!(self.status, Status::Error(_))
    }

    fn read(json: &Json, resource: usize, scope: usize) -> Option<Self> {
        let start = unsigned(json, "startTimeUnixNano");
        Some(Self {
            trace_id: Id::parse(text(json, "traceId"))?,
            span_id: Id::parse(text(json, "spanId"))?,
            parent: Id::parse(text(json, "parentSpanId")),
            trace_state: text(json, "traceState").into(),
            name: text(json, "name").into(),
            kind: Kind::from_number(unsigned(json, "kind")),
            start,
            end: unsigned(json, "endTimeUnixNano").max(start),
            attributes: value::attributes(json),
            events: list(json, "events").iter().map(Event::read).collect(),
            links: list(json, "links").iter().filter_map(Link::read).collect(),
            status: Status::read(json.get("status").unwrap_or(&Json::Null)),
            resource,
            scope,
            dropped: [
                "droppedAttributesCount",
                "droppedEventsCount",
                "droppedLinksCount",
            ]
            .into_iter()
            .fold(0, |sum: u64, key| sum.saturating_add(unsigned(json, key))),
        })
    }
}

// === impl Id ===

impl Id {
    /// Reads an id; `None` for one that is empty or all zeros, which OpenTelemetry defines as invalid.
    pub fn parse(hex: &str) -> Option<Self> {
        let valid = hex.bytes().all(|byte| byte.is_ascii_hexdigit());
        let zero = hex.bytes().all(|byte| byte == b'0');
        (valid && !zero).then(|| Self(hex.to_ascii_lowercase().into()))
    }

    /// The hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

// === impl Event, Link ===

impl Event {
    fn read(json: &Json) -> Self {
        Self {
            time: unsigned(json, "timeUnixNano"),
            name: text(json, "name").into(),
            attributes: value::attributes(json),
        }
    }
}

impl Link {
    fn read(json: &Json) -> Option<Self> {
        Some(Self {
            trace_id: Id::parse(text(json, "traceId"))?,
            span_id: Id::parse(text(json, "spanId")),
            attributes: value::attributes(json),
        })
    }
}

// === impl Kind, Status ===

impl Kind {
    fn from_number(number: u64) -> Self {
        match number {
            1 => Self::Internal,
            2 => Self::Server,
            3 => Self::Client,
            4 => Self::Producer,
            5 => Self::Consumer,
            _ => Self::Unspecified,
        }
    }

    /// The name in the OpenTelemetry specification, in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unspecified => "unspecified",
            Self::Internal => "internal",
            Self::Server => "server",
            Self::Client => "client",
            Self::Producer => "producer",
            Self::Consumer => "consumer",
        }
    }
}

impl Status {
    fn read(json: &Json) -> Self {
        match unsigned(json, "code") {
            1 => Self::Ok,
            2 => Self::Error(text(json, "message").into()),
            _ => Self::Unset,
        }
    }
}

#[cfg(test)]
mod tests;
