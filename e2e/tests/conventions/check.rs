//! What was told (OTLP/JSON), held against what is documented.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use throughline_e2e::{DEMO_EMAIL, DEMO_PASSWORD, TOKEN};

use super::document::{Document, Metric, matches};

/// The characters of a session's token: 256 bits in base64.
const TOKEN_CHARS: usize = 43;

#[derive(Debug)]
pub(super) struct Check<'a> {
    document: &'a Document,
    /// What is wrong, each with its first example.
    pub(super) faults: BTreeMap<String, String>,
    /// Spans, events, log records and points that were read.
    pub(super) items: usize,
    seen: BTreeSet<&'a str>,
    /// The sets of attributes of each metric of each process.
    series: BTreeMap<(&'a str, String), BTreeSet<String>>,
}

// === impl Check ===

impl<'a> Check<'a> {
    pub(super) fn new(document: &'a Document) -> Self {
        Self {
            document,
            faults: BTreeMap::new(),
            items: 0,
            seen: BTreeSet::new(),
            series: BTreeMap::new(),
        }
    }

    /// One export of any signal.
    pub(super) fn export(&mut self, export: &Value) {
        for (resources, scopes, all, check) in [
            (
                "resourceSpans",
                "scopeSpans",
                "spans",
                Self::span as CheckItem<'a>,
            ),
            ("resourceLogs", "scopeLogs", "logRecords", Self::record),
            ("resourceMetrics", "scopeMetrics", "metrics", Self::metric),
        ] {
            for of_resource in items(&export[resources]) {
                let resource = &of_resource["resource"]["attributes"];
                self.attributes("the resource", resource, true);
                let process = items(resource).find(|it| it["key"] == "service.instance.id");
                let process = process
                    .map(|it| it["value"].to_string())
                    .unwrap_or_default();
                for of_scope in items(&of_resource[scopes]) {
                    let from = From {
                        scope: of_scope["scope"]["name"].as_str().unwrap_or_default(),
                        process: &process,
                    };
                    for item in items(&of_scope[all]) {
                        check(self, &from, item);
                    }
                }
            }
        }
    }

    fn span(&mut self, from: &From<'_>, span: &Value) {
        self.items += 1;
        let (name, kind) = (text(&span["name"]), kind(&span["kind"]));
        let is_so = |it: &&'a super::document::Span| {
            it.kind == kind && matches(&it.scope, from.scope) && matches(&it.name, name)
        };
        match self.document.spans.iter().find(is_so) {
            Some(known) => drop(self.seen.insert(&known.name)),
            None => self.fault(format!("span {name:?} {kind} of {}", from.scope), span),
        }
        self.attributes(&format!("span {name:?}"), &span["attributes"], false);
        for event in items(&span["events"]) {
            self.items += 1;
            self.event(text(&event["name"]), &event["attributes"]);
        }
    }

    fn record(&mut self, from: &From<'_>, record: &Value) {
        self.items += 1;
        match text(&record["eventName"]) {
            "" => self.attributes(
                &format!("a record of {}", from.scope),
                &record["attributes"],
                false,
            ),
            name => self.event(name, &record["attributes"]),
        }
    }

    fn event(&mut self, name: &str, attributes: &Value) {
        match self.document.events.iter().find(|it| it.name == name) {
            Some(known) => drop(self.seen.insert(&known.name)),
            None => self.fault(format!("event {name:?}"), attributes),
        }
        self.attributes(&format!("event {name:?}"), attributes, false);
    }

    fn metric(&mut self, from: &From<'_>, metric: &Value) {
        let name = text(&metric["name"]);
        let Some(known) = self.document.metrics.iter().find(|it| it.name == name) else {
            return self.fault(format!("metric {name:?}"), metric);
        };
        self.seen.insert(&known.name);
        let (instrument, points) = instrument(metric);
        if instrument != known.instrument || text(&metric["unit"]) != known.unit {
            let unit = text(&metric["unit"]);
            self.fault(
                format!("metric {name:?} is a {instrument} of {unit:?}"),
                metric,
            );
        }
        for point in items(points) {
            self.items += 1;
            self.point(from, known, &point["attributes"]);
        }
    }

    fn point(&mut self, from: &From<'_>, metric: &'a Metric, attributes: &Value) {
        let of = format!("metric {:?}", metric.name);
        self.attributes(&of, attributes, false);
        for key in items(attributes).map(|it| text(&it["key"])) {
            if !metric.attributes.iter().any(|it| it == key) {
                self.fault(format!("{of} with {key}"), attributes);
            }
        }
        let mut set: Vec<_> = items(attributes).map(Value::to_string).collect();
        set.sort_unstable();
        let process = (metric.name.as_str(), from.process.to_owned());
        self.series.entry(process).or_default().insert(set.concat());
    }

    fn attributes(&mut self, of: &str, attributes: &Value, of_resource: bool) {
        for attribute in items(attributes) {
            let (key, kind) = (text(&attribute["key"]), kind_of(&attribute["value"]));
            match self.document.attribute(key, of_resource) {
                Some(known) => {
                    self.seen.insert(&known.name);
                    if known.kind != kind {
                        self.fault(format!("{key} of {of} is a {kind}"), attribute);
                    }
                }
                None => self.fault(format!("{key} of {of}"), attribute),
            }
        }
    }

    /// To be called once everything is read.
    pub(super) fn cardinality(&mut self) {
        for ((name, process), sets) in std::mem::take(&mut self.series) {
            let metric = self.document.metrics.iter().find(|it| it.name == name);
            if metric.is_none_or(|it| sets.len() > it.most) {
                let fault = format!("metric {name:?} has too many sets of attributes");
                self.fault(
                    fault,
                    &format!("{} of {process}: {sets:#?}", sets.len()).into(),
                );
            }
        }
    }

    /// What nobody may read, in the text of an export.
    pub(super) fn secrets(&mut self, export: &str) {
        for secret in [DEMO_PASSWORD, DEMO_EMAIL, TOKEN, "rag_admin_refresh="] {
            if export.contains(secret) {
                self.fault(format!("{secret:?} is told"), &export.into());
            }
        }
        let is_part = |it: char| it.is_ascii_alphanumeric() || matches!(it, '-' | '_');
        for word in export.split(|it| !is_part(it)) {
            let has = |what: fn(&char) -> bool| word.chars().any(|it| what(&it));
            let is_mixed = has(char::is_ascii_uppercase)
                && has(char::is_ascii_lowercase)
                && has(char::is_ascii_digit);
            if word.len() == TOKEN_CHARS && is_mixed {
                self.fault("what looks like a token is told".to_owned(), &word.into());
            }
        }
    }

    /// Documented names that nothing had.
    pub(super) fn unseen(&self) -> Vec<&'a str> {
        let all = self.document.attributes.iter().map(|it| &it.name);
        let all = all.chain(self.document.spans.iter().map(|it| &it.name));
        let all = all.chain(self.document.events.iter().map(|it| &it.name));
        let all = all.chain(self.document.metrics.iter().map(|it| &it.name));
        all.map(String::as_str)
            .filter(|it| !self.seen.contains(it))
            .collect()
    }

    fn fault(&mut self, what: String, example: &Value) {
        let example = || example.to_string().chars().take(400).collect();
        self.faults.entry(what).or_insert_with(example);
    }
}

type CheckItem<'a> = fn(&mut Check<'a>, &From<'_>, &Value);

/// Who tells.
struct From<'a> {
    scope: &'a str,
    process: &'a str,
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn kind(kind: &Value) -> &'static str {
    match kind.as_u64() {
        Some(1) => "INTERNAL",
        Some(2) => "SERVER",
        Some(3) => "CLIENT",
        _ => "another kind",
    }
}

/// The type of an OTLP `AnyValue`, as the conventions call it.
fn kind_of(value: &Value) -> &'static str {
    let Some((kind, value)) = value.as_object().and_then(|it| it.iter().next()) else {
        return "nothing";
    };
    match kind.as_str() {
        "stringValue" => "string",
        "intValue" => "int",
        "doubleValue" => "double",
        "boolValue" => "boolean",
        "arrayValue" if items(&value["values"]).all(|it| kind_of(it) == "string") => "string[]",
        _ => "another type",
    }
}

/// What a metric was made with, and its points.
fn instrument(metric: &Value) -> (&'static str, &Value) {
    let sum = &metric["sum"];
    let (instrument, data) = match () {
        () if sum.is_object() && sum["isMonotonic"] == true => ("counter", sum),
        () if sum.is_object() => ("updowncounter", sum),
        () if metric["gauge"].is_object() => ("gauge", &metric["gauge"]),
        () if metric["histogram"].is_object() => ("histogram", &metric["histogram"]),
        () => ("another instrument", &Value::Null),
    };
    (instrument, &data["dataPoints"])
}

fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}
