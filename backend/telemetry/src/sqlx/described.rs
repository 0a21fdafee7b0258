//! The statements of a pool, each with the attributes of its spans and measurements.

use super::{
    metrics::Series,
    statement::{Dialect, Statement},
};
use crate::trace::Repeated;
use foldhash::HashMap;
use opentelemetry::{KeyValue, StringValue};
use parking_lot::RwLock;
use std::{collections::HashSet, sync::Arc};
use throughline_core::names::db;

/// Statements that are described once and remembered. Applications have a few dozen.
const MAX_REMEMBERED: usize = 256;
/// The longest statement that is remembered.
const MAX_REMEMBERED_BYTES: usize = 4096;
/// Different summaries that a pool's metrics tell. Statements beyond, of names that are made up as the program runs, are
/// measured without summary and table.
const MAX_SUMMARIES: usize = 100;

/// What spans and metrics tell of a statement.
#[derive(Debug)]
pub(super) struct Described {
    /// The span's name.
    pub(super) name: String,
    /// Those that the span starts with.
    pub(super) attributes: Repeated,
    /// The attributes of what is measured: without the text.
    pub(super) measured: Vec<KeyValue>,
    /// What they are the attributes of, in the pool's instruments.
    pub(super) series: Series,
    /// Whether the number of rows is told even if there are none.
    pub(super) returns_rows: bool,
}

/// The statements of one pool.
#[derive(Debug)]
pub(super) struct Statements {
    dialect: Option<Dialect>,
    /// What all of them have.
    place: Vec<KeyValue>,
    known: RwLock<Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// So few that texts whose hashes collide, should somebody find any, cost little.
    by_text: HashMap<Box<str>, Arc<Described>>,
    summaries: HashSet<String>,
}

// === impl Statements ===

impl Statements {
    /// Without a dialect, nothing is told of them.
    pub(super) fn new(dialect: Option<Dialect>, place: Vec<KeyValue>) -> Self {
        Self {
            dialect,
            place,
            known: RwLock::default(),
        }
    }

    /// None of them, of the same database.
    pub(super) fn afresh(&self) -> Self {
        Self::new(self.dialect, self.place.clone())
    }

    pub(super) fn describe(&self, sql: &str) -> Arc<Described> {
        if let Some(known) = self.known.read().by_text.get(sql) {
            return Arc::clone(known);
        }
        let statement = self.dialect.map(|dialect| Statement::parse(sql, dialect));
        let statement = statement.unwrap_or_default();
        let mut known = self.known.write();
        let is_few = known.is_one_of_few(&statement.summary);
        let described = Arc::new(Described::new(statement, &self.place, is_few));
        if sql.len() <= MAX_REMEMBERED_BYTES {
            if known.by_text.len() >= MAX_REMEMBERED {
                // Made up as the program runs: those that come again are soon known again.
                known.by_text.clear();
            }
            known.by_text.insert(sql.into(), Arc::clone(&described));
        }
        described
    }
}

// === impl Known ===

impl Known {
    fn is_one_of_few(&mut self, summary: &str) -> bool {
        if !self.summaries.contains(summary) {
            if self.summaries.len() >= MAX_SUMMARIES {
                return false;
            }
            self.summaries.insert(summary.to_owned());
        }
        true
    }
}

// === impl Described ===

impl Described {
    fn new(statement: Statement, place: &[KeyValue], is_few: bool) -> Self {
        let Statement {
            text,
            summary,
            operation,
            collection,
        } = statement;
        let name = if summary.is_empty() {
            "query"
        } else {
            &summary
        }
        .to_owned();
        let returns_rows = operation.as_deref() == Some("SELECT");
        let operation = operation.map(|it| shared(db::OPERATION_NAME, it));
        let summary = (!summary.is_empty()).then(|| shared(db::QUERY_SUMMARY, summary));
        let collection = collection.map(|it| shared(db::COLLECTION_NAME, it));
        let target: Vec<KeyValue> = summary.into_iter().chain(collection).collect();

        let text = (!text.is_empty()).then(|| KeyValue::new(db::QUERY_TEXT, text));
        let attributes = place.iter().cloned().chain(text);
        let attributes = attributes.chain(operation.clone()).chain(target.clone());
        let attributes = Repeated::new(attributes.collect());
        let mut measured = place.to_vec();
        measured.extend(operation);
        if is_few {
            measured.extend(target);
        }
        Self {
            name,
            attributes,
            measured,
            series: Series::default(),
            returns_rows,
        }
    }
}

/// An attribute whose clones share its value.
fn shared(key: &'static str, value: String) -> KeyValue {
    let value: Arc<str> = value.into();
    KeyValue::new(key, StringValue::from(value))
}
