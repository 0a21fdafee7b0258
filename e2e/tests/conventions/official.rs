//! The names of the semantic conventions, by OpenTelemetry's own package for JavaScript: it is the one that tells stable
//! names from others, and deprecated ones.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::json;

use super::document::{Document, matches};
use crate::npm;

const PACKAGE: &str = "@opentelemetry/semantic-conventions";
/// Of the conventions that docs/semconv.md names.
const VERSION: &str = "1.44.0";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stability {
    Stable,
    /// Not yet: in development, or a candidate.
    Unstable,
    Deprecated,
}

/// What the document says of names that is not so.
pub(super) fn faults(document: &Document) -> Result<Vec<String>> {
    let dependencies = json!({"private": true, "dependencies": {PACKAGE: VERSION}});
    let folder = npm::installed("semantic-conventions", &dependencies.to_string())?;
    let folder = folder.join("node_modules").join(PACKAGE).join("dist");
    let mut faults = Vec::new();
    let mut check = |kind: &str, official: &HashMap<String, Stability>, name: &str, said: &str| {
        let is = official.iter().find(|it| is_of(it.0, name)).map(|it| *it.1);
        let expected = match is {
            Some(Stability::Stable) => "stable",
            Some(Stability::Unstable) => "development",
            Some(Stability::Deprecated) => "deprecated",
            None => "none",
        };
        if said != expected {
            faults.push(format!(
                "{kind} {name}: {said}, but the conventions: {expected}"
            ));
        }
    };
    let attributes = names(&folder, "attributes", "ATTR_")?;
    for it in &document.attributes {
        check("attribute", &attributes, &it.name, &it.stability);
        for old in &it.old {
            // It may be older than the package, or of another instrumentation.
            if attributes.contains_key(old) && old != &it.name {
                check("old attribute", &attributes, old, "deprecated");
            }
        }
    }
    let metrics = names(&folder, "metrics", "METRIC_")?;
    for it in &document.metrics {
        check("metric", &metrics, &it.name, &it.stability);
    }
    let events = names(&folder, "events", "EVENT_")?;
    for it in &document.events {
        check("event", &events, &it.name, &it.stability);
    }
    Ok(faults)
}

/// Whether a documented name is an official one, or a pattern within an official template (`http.request.header.`).
fn is_of(official: &str, name: &str) -> bool {
    match official.strip_suffix('.') {
        Some(_) => name.starts_with(official),
        None => matches(name, official),
    }
}

/// The names of a kind. A template is given without what is put into it.
fn names(folder: &Path, kind: &str, prefix: &str) -> Result<HashMap<String, Stability>> {
    let mut names = HashMap::new();
    for (file, of_file) in [
        ("experimental", Stability::Unstable),
        ("stable", Stability::Stable),
    ] {
        let path = folder.join(format!("{file}_{kind}.mjs"));
        let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let mut stability = of_file;
        for line in text.lines() {
            if line.trim_start().starts_with("* @deprecated") {
                stability = Stability::Deprecated;
            }
            let Some(constant) = line.strip_prefix("const ") else {
                continue;
            };
            let value = constant.split(['"', '`']).nth(1).unwrap_or_default();
            if constant.starts_with(prefix) {
                let value = value.split('$').next().unwrap_or_default();
                names.insert(value.to_owned(), stability);
            }
            stability = of_file;
        }
    }
    ensure!(
        names.len() > 10,
        "{PACKAGE} has no {kind}: is it built otherwise now?"
    );
    Ok(names)
}
