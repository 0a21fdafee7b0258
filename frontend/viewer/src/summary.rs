//! The trace list: what the API answers, and how pages of it come together.

use serde_json::Value as Json;

use crate::json::{list, text, unsigned};
use crate::otlp::Id;

/// One line of the trace list.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Summary {
    /// Which trace.
    pub trace_id: Id,
    /// The name of the root span; empty while the root was not received.
    pub root_name: String,
    /// The service of the root span; may be empty too.
    pub root_service: String,
    /// Nanoseconds since the Unix epoch.
    pub start: u64,
    /// From the first start to the last end.
    pub nanos: u64,
    /// How many spans were received.
    pub span_count: u64,
    /// How many of them failed.
    pub error_count: u64,
    /// The services that take part.
    pub services: Vec<String>,
}

/// An answer of `/telemetry/api/traces`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// Newest first.
    pub traces: Vec<Summary>,
    /// Where the next page begins; `None` on the last.
    pub next: Option<String>,
}

/// The list as it is shown: the newest page, and older ones that were asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// Newest first.
    pub traces: Vec<Summary>,
    /// Where the next older page begins.
    pub next: Option<String>,
    reach: Reach,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Reach {
    #[default]
    NewestPage,
    OlderPages,
}

impl Page {
    /// Reads an answer of the API.
    ///
    /// # Errors
    /// When the text is not JSON.
    pub fn parse(body: &str) -> Result<Self, serde_json::Error> {
        let answer: Json = serde_json::from_str(body)?;
        Ok(Self {
            traces: list(&answer, "traces")
                .iter()
                .filter_map(Summary::read)
                .collect(),
            next: answer.get("next").and_then(Json::as_str).map(Into::into),
        })
    }
}

impl Summary {
    fn read(json: &Json) -> Option<Self> {
        Some(Self {
            trace_id: Id::parse(text(json, "trace_id"))?,
            root_name: text(json, "root_name").into(),
            root_service: text(json, "root_service").into(),
            start: unsigned(json, "start_unix_nano"),
            nanos: unsigned(json, "duration_nano"),
            span_count: unsigned(json, "span_count"),
            error_count: unsigned(json, "error_count"),
            services: list(json, "services")
                .iter()
                .filter_map(|service| service.as_str().map(Into::into))
                .collect(),
        })
    }
}

impl Listing {
    /// Takes in the newest page. Older pages that were asked for stay, unless so much is new that a gap would be between.
    pub fn refresh(&mut self, newest: Page) {
        let seam = newest
            .traces
            .last()
            .and_then(|last| self.position(&last.trace_id));
        match (self.reach, seam) {
            (Reach::OlderPages, Some(seam)) => {
                let older = self.traces.split_off(seam + 1);
                self.traces = newest.traces;
                self.append_unknown(older);
            }
            _ => {
                *self = Self {
                    traces: newest.traces,
                    next: newest.next,
                    reach: Reach::NewestPage,
                }
            }
        }
    }

    /// Appends the page that was asked for with [`Listing::next`].
    pub fn extend(&mut self, older: Page) {
        self.append_unknown(older.traces);
        self.next = older.next;
        self.reach = Reach::OlderPages;
    }

    /// The longest of the traces, to which the others are compared.
    pub fn longest(&self) -> u64 {
        self.traces
            .iter()
            .map(|trace| trace.nanos)
            .max()
            .unwrap_or_default()
    }

    fn position(&self, id: &Id) -> Option<usize> {
        self.traces.iter().position(|trace| trace.trace_id == *id)
    }

    /// A trace moves to another page when it grows.
    fn append_unknown(&mut self, traces: Vec<Summary>) {
        for trace in traces {
            if self.position(&trace.trace_id).is_none() {
                self.traces.push(trace);
            }
        }
    }
}

#[cfg(test)]
mod tests;
