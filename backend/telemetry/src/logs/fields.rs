//! An event's fields as members of a JSON object.

use std::{borrow::Cow, error::Error, fmt, iter};
use tracing::field::{Field, Visit};

/// Names that the line has for itself. A field of such a name is written as `field.<name>`.
const RESERVED: [&str; 9] = [
    "timestamp",
    "level",
    "message",
    "target",
    "trace_id",
    "span_id",
    "trace_flags",
    "service.name",
    "service.version",
];

/// Where an event of the `log` crate came from: its target is the line's, the rest is of no use.
const OF_LOG: [&str; 4] = ["log.target", "log.module_path", "log.file", "log.line"];

/// The longest chain of causes that is told: one may be a circle.
const MAX_CAUSES: usize = 16;

/// The fields, as they are visited.
#[derive(Debug, Default)]
pub(super) struct Fields {
    /// What the event says to people.
    pub(super) message: String,
    /// `,"name":value` for each other field.
    pub(super) rest: Vec<u8>,
    /// A name may come twice in an event; a member of an object may not.
    seen: Vec<Cow<'static, str>>,
}

/// Writes a JSON string.
pub(super) fn string(line: &mut Vec<u8>, text: &str) {
    // A string always has a JSON form, and memory can be written.
    let _ = serde_json::to_writer(line, text);
}

/// Whether the field is one that the `log` crate's events have beside their own.
pub(super) fn is_of_log(field: &Field) -> bool {
    OF_LOG.contains(&field.name())
}

/// An error and its causes.
pub(super) fn chain(error: &(dyn Error + 'static)) -> String {
    let errors = iter::successors(Some(error), |error: &&(dyn Error + 'static)| {
        (*error).source()
    });
    let texts: Vec<String> = errors.take(MAX_CAUSES).map(ToString::to_string).collect();
    texts.join(": ")
}

// === impl Fields ===

impl Fields {
    /// Writes the name and gives what the value is to be written to; none if the field has no place.
    fn member(&mut self, field: &Field) -> Option<&mut Vec<u8>> {
        let name = field.name();
        if is_of_log(field) {
            return None;
        }
        let name = name.strip_prefix("r#").unwrap_or(name);
        let name: Cow<'static, str> = if RESERVED.contains(&name) {
            format!("field.{name}").into()
        } else {
            name.into()
        };
        if self.seen.contains(&name) {
            return None;
        }
        self.rest.push(b',');
        string(&mut self.rest, &name);
        self.rest.push(b':');
        self.seen.push(name);
        Some(&mut self.rest)
    }

    /// A value whose text is JSON as it is.
    fn bare(&mut self, field: &Field, value: impl fmt::Display) {
        if field.name() == "message" {
            self.message = value.to_string();
        } else if let Some(rest) = self.member(field) {
            rest.extend_from_slice(value.to_string().as_bytes());
        }
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            value.clone_into(&mut self.message);
        } else if let Some(rest) = self.member(field) {
            string(rest, value);
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.record_str(field, &chain(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.bare(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.bare(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.bare(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        if value.is_finite() {
            self.bare(field, value);
        } else {
            // JSON has no such number.
            self.record_str(field, &value.to_string());
        }
    }
}
