//! The tables of docs/semconv.md, as data.

use anyhow::{Context, Result, ensure};
use throughline_e2e::workspace;

/// What may be emitted.
#[derive(Debug, Default)]
pub(super) struct Document {
    pub(super) attributes: Vec<Attribute>,
    pub(super) spans: Vec<Span>,
    pub(super) events: Vec<Event>,
    pub(super) metrics: Vec<Metric>,
}

/// An attribute of spans, events, log records and metrics, or of a resource.
#[derive(Debug)]
pub(super) struct Attribute {
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) stability: String,
    /// Names that it had before.
    pub(super) old: Vec<String>,
    pub(super) of_resource: bool,
}

/// The spans of one scope that are named so.
#[derive(Debug)]
pub(super) struct Span {
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) scope: String,
}

/// An event of a span, or a log record with this name.
#[derive(Debug)]
pub(super) struct Event {
    pub(super) name: String,
    pub(super) stability: String,
}

#[derive(Debug)]
pub(super) struct Metric {
    pub(super) name: String,
    pub(super) instrument: String,
    pub(super) unit: String,
    pub(super) stability: String,
    pub(super) attributes: Vec<String>,
    /// How many sets of attributes one process may have.
    pub(super) most: usize,
}

// === impl Document ===

impl Document {
    pub(super) fn read() -> Result<Self> {
        let path = workspace().join("docs/semconv.md");
        let text = std::fs::read_to_string(&path)?;
        let mut document = Self::default();
        let (mut section, mut table) = ("", Vec::new());
        for line in text.lines() {
            if let Some(title) = line.strip_prefix("## ") {
                section = title;
            }
            let Some(row) = line.strip_prefix('|') else {
                table.clear();
                continue;
            };
            let cells: Vec<_> = row
                .trim_end()
                .trim_end_matches('|')
                .split('|')
                .map(str::trim)
                .collect();
            if table.is_empty() {
                table = cells;
            } else if !cells.iter().all(|it| it.starts_with("---")) {
                let row = Row {
                    table: &table,
                    cells,
                };
                document
                    .add(&row, section)
                    .with_context(|| line.to_owned())?;
            }
        }
        Ok(document)
    }

    fn add(&mut self, row: &Row<'_>, section: &str) -> Result<()> {
        match row.table.first().copied() {
            Some("attribute") => {
                for name in row.codes("attribute")? {
                    self.attributes.push(Attribute {
                        name,
                        kind: row.text("type")?,
                        stability: row.text("stability")?,
                        old: row.codes("old").unwrap_or_default(),
                        of_resource: section == "Resource",
                    });
                }
            }
            Some("span") => {
                for name in row.codes("span")? {
                    let (kind, scope) = (row.text("kind")?, row.code("scope")?);
                    self.spans.push(Span { name, kind, scope });
                }
            }
            Some("event") => {
                for name in row.codes("event")? {
                    let stability = row.text("stability")?;
                    self.events.push(Event { name, stability });
                }
            }
            Some("metric") => {
                for name in row.codes("metric")? {
                    self.metrics.push(Metric {
                        name,
                        instrument: row.text("instrument")?,
                        unit: row.code("unit")?,
                        stability: row.text("stability")?,
                        attributes: row.codes("attributes")?,
                        most: row.text("series")?.parse()?,
                    });
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The attribute that is named so, of a resource or of anything else.
    pub(super) fn attribute(&self, name: &str, of_resource: bool) -> Option<&Attribute> {
        let mut all = self.attributes.iter();
        all.find(|it| it.of_resource == of_resource && matches(&it.name, name))
    }
}

/// A row of a table, and the table's titles.
struct Row<'a> {
    table: &'a [&'a str],
    cells: Vec<&'a str>,
}

impl Row<'_> {
    fn text(&self, column: &str) -> Result<String> {
        let index = self.table.iter().position(|it| *it == column);
        let cell = index.and_then(|it| self.cells.get(it));
        Ok((*cell.with_context(|| format!("no {column}"))?).to_owned())
    }

    /// What is in backticks.
    fn codes(&self, column: &str) -> Result<Vec<String>> {
        let text = self.text(column)?;
        Ok(text
            .split('`')
            .skip(1)
            .step_by(2)
            .map(str::to_owned)
            .collect())
    }

    fn code(&self, column: &str) -> Result<String> {
        let codes = self.codes(column)?;
        ensure!(codes.len() == 1, "{column} is not one name");
        Ok(codes.concat())
    }
}

/// Whether a name is one of a pattern, in which `{…}` stands for one character or more.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    let Some((before, rest)) = pattern.split_once('{') else {
        return pattern == name;
    };
    let after = rest.split_once('}').map_or("", |it| it.1);
    let Some(name) = name.strip_prefix(before) else {
        return false;
    };
    let ends = name
        .char_indices()
        .map(|it| it.0)
        .skip(1)
        .chain([name.len()]);
    ends.filter(|end| *end > 0)
        .any(|end| matches(after, &name[end..]))
}
