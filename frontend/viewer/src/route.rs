//! The addresses of the viewer: what it shows is in its URL, so that a link shows the same to somebody else.

use crate::otlp::Id;

/// Where the viewer is served.
pub const BASE: &str = "/telemetry/";

/// A page of the viewer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// The newest traces.
    List(Filter),
    /// One trace, with one of its spans selected.
    Trace {
        /// The trace.
        trace: Id,
        /// The span whose details are shown.
        span: Option<Id>,
    },
    /// No page has this address.
    Unknown,
}

/// Which traces to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Traces in which this service takes part; empty for all.
    pub service: String,
    /// Traces with this name; empty for all.
    pub name: String,
    /// Traces by how they ended.
    pub outcome: Outcome,
    /// Traces that took at least so long; 0 for all.
    pub min_duration_ms: u64,
}

/// How a trace ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Outcome {
    /// With or without errors.
    #[default]
    Any,
    /// With a span that failed.
    Error,
}

impl Route {
    /// Reads `location.pathname` and `location.search`.
    pub fn parse(path: &str, search: &str) -> Self {
        let query = parse_query(search);
        let page = path
            .strip_prefix(BASE.trim_end_matches('/'))
            .unwrap_or(path);
        let mut segments = page.split('/').filter(|segment| !segment.is_empty());
        match (segments.next(), segments.next(), segments.next()) {
            (None, ..) => Self::List(Filter::read(&query)),
            (Some("traces"), Some(trace), None) => {
                Id::parse(trace).map_or(Self::Unknown, |trace| Self::Trace {
                    trace,
                    span: find(&query, "span").and_then(Id::parse),
                })
            }
            _ => Self::Unknown,
        }
    }

    /// The address of the page.
    pub fn href(&self) -> String {
        match self {
            Self::List(filter) => format!("{BASE}{}", with_mark(&filter.query())),
            Self::Trace { trace, span: None } => format!("{BASE}traces/{trace}"),
            Self::Trace {
                trace,
                span: Some(span),
            } => format!("{BASE}traces/{trace}?span={span}"),
            Self::Unknown => BASE.into(),
        }
    }
}

impl Filter {
    /// The parameters, the same in the address of the page and in that of the API; empty when nothing is filtered.
    pub fn query(&self) -> String {
        let min_duration = match self.min_duration_ms {
            0 => String::new(),
            millis => millis.to_string(),
        };
        let status = match self.outcome {
            Outcome::Any => "",
            Outcome::Error => "error",
        };
        let parameters = [
            ("service", self.service.as_str()),
            ("name", &self.name),
            ("status", status),
            ("min_duration_ms", &min_duration),
        ];
        let set = parameters
            .into_iter()
            .filter(|(_, value)| !value.is_empty());
        set.map(|(key, value)| format!("{key}={}", encode(value)))
            .collect::<Vec<_>>()
            .join("&")
    }

    fn read(query: &[(String, String)]) -> Self {
        Self {
            service: find(query, "service").unwrap_or_default().into(),
            name: find(query, "name").unwrap_or_default().into(),
            outcome: match find(query, "status") {
                Some("error") => Outcome::Error,
                _ => Outcome::Any,
            },
            min_duration_ms: find(query, "min_duration_ms")
                .and_then(|millis| millis.parse().ok())
                .unwrap_or_default(),
        }
    }
}

/// The address of a page of the trace list in the API.
pub fn list_api(filter: &Filter, limit: u32, cursor: Option<&str>) -> String {
    let mut query = filter.query();
    if !query.is_empty() {
        query.push('&');
    }
    query.push_str(&format!("limit={limit}"));
    if let Some(cursor) = cursor {
        query.push_str(&format!("&cursor={}", encode(cursor)));
    }
    format!("{BASE}api/traces?{query}")
}

/// The address of a trace in the API.
pub fn trace_api(trace: &Id) -> String {
    format!("{BASE}api/traces/{trace}")
}

fn with_mark(query: &str) -> String {
    if query.is_empty() {
        String::new()
    } else {
        format!("?{query}")
    }
}

fn find<'a>(query: &'a [(String, String)], key: &str) -> Option<&'a str> {
    query
        .iter()
        .find(|(name, _)| name == key)
        .map(|(_, value)| value.as_str())
}

fn parse_query(search: &str) -> Vec<(String, String)> {
    let pairs = search
        .trim_start_matches('?')
        .split('&')
        .filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(key), decode(value))
        })
        .collect()
}

/// Percent-encoding of everything that is not unreserved in RFC 3986.
fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte));
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

/// The reverse, as forms do it (`+` is a space); what is not valid stays as it is.
fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        match (first, tail) {
            (b'%', [high, low, after @ ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => {
                    bytes.push(high << 4 | low);
                    rest = after;
                }
                _ => bytes.push(b'%'),
            },
            (b'+', _) => bytes.push(b' '),
            (byte, _) => bytes.push(*byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
