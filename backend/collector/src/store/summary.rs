//! The row of a trace in the list, kept right as its spans arrive in any order, more than once, and go again.
//!
//! The root is the span that comes first by *rank*, then start, then id. Rank 0: it has no parent. Rank 1: its parent is
//! not in the store: not yet, not sampled, lost. Rank 2: neither, which only a cycle has. A root that arrives late takes
//! the place of the orphan that stood in for it.

use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::batch::SpanRow;

/// Services in the list of one trace.
const MAX_SERVICES: usize = 32;

#[derive(Debug)]
struct Summary {
    start: i64,
    end: i64,
    span_count: i64,
    error_count: i64,
    services: Vec<String>,
    root: Root,
}

#[derive(Debug, Clone)]
struct Root {
    rank: i64,
    id: [u8; 8],
    parent: Option<[u8; 8]>,
    start: i64,
    service: String,
    name: String,
}

/// Takes new spans, which are in the table already, into the summary of their trace. Its cost is that of the new spans,
/// not of the trace: a trace of 100,000 spans arrives in 200 batches.
pub(super) fn add(
    transaction: &Transaction<'_>,
    trace_id: &[u8; 16],
    spans: &[&SpanRow],
) -> rusqlite::Result<()> {
    let Some(mut summary) = load(transaction, trace_id)? else {
        return recount(transaction, trace_id);
    };
    let root = &summary.root;
    let displaced = match root.rank {
        0 => false,
        1 => exists(transaction, trace_id, root.parent.as_ref())?,
        _ => true,
    };
    if displaced {
        return recount(transaction, trace_id);
    }
    for span in spans {
        summary.add(span);
        let comes_first = |rank: i64, root: &Root| {
            (rank, span.start, span.span_id) < (root.rank, root.start, root.id)
        };
        let rank = match &span.parent_id {
            None => 0,
            // The look-up only where it could matter.
            Some(_) if !comes_first(1, &summary.root) => continue,
            Some(parent) if exists(transaction, trace_id, Some(parent))? => continue,
            Some(_) => 1,
        };
        if comes_first(rank, &summary.root) {
            summary.root = Root::new(rank, span);
        }
    }
    save(transaction, trace_id, &summary)
}

/// Makes the summary from the spans that are there; removes it when there are none.
pub(super) fn recount(transaction: &Transaction<'_>, trace_id: &[u8; 16]) -> rusqlite::Result<()> {
    let Some(root) = find_root(transaction, trace_id)? else {
        transaction
            .prepare_cached("DELETE FROM trace WHERE trace_id = ?1")?
            .execute([trace_id])?;
        return Ok(());
    };
    let services = transaction
        .prepare_cached("SELECT DISTINCT service FROM span WHERE trace_id = ?1 ORDER BY 1")?
        .query_map([trace_id], |row| row.get(0))?
        .take(MAX_SERVICES)
        .collect::<Result<_, _>>()?;
    let summary = transaction
        .prepare_cached(
            r#"SELECT min(start), max("end"), count(*), sum(error) FROM span WHERE trace_id = ?1"#,
        )?
        .query_row([trace_id], |row| {
            Ok(Summary {
                start: row.get(0)?,
                end: row.get(1)?,
                span_count: row.get(2)?,
                error_count: row.get(3)?,
                services,
                root,
            })
        })?;
    save(transaction, trace_id, &summary)
}

fn find_root(transaction: &Transaction<'_>, trace_id: &[u8; 16]) -> rusqlite::Result<Option<Root>> {
    transaction
        .prepare_cached(
            "SELECT CASE
                 WHEN parent_id IS NULL THEN 0
                 WHEN NOT EXISTS (SELECT 1 FROM span AS parent
                     WHERE parent.trace_id = ?1 AND parent.span_id = span.parent_id) THEN 1
                 ELSE 2 END AS rank,
                 span_id, parent_id, start, service, name
             FROM span WHERE trace_id = ?1 ORDER BY rank, start, span_id LIMIT 1",
        )?
        .query_row([trace_id], |row| Root::read(row, 0))
        .optional()
}

fn exists(
    transaction: &Transaction<'_>,
    trace_id: &[u8; 16],
    span_id: Option<&[u8; 8]>,
) -> rusqlite::Result<bool> {
    transaction
        .prepare_cached("SELECT 1 FROM span WHERE trace_id = ?1 AND span_id = ?2")?
        .exists(params![trace_id, span_id])
}

fn load(transaction: &Transaction<'_>, trace_id: &[u8; 16]) -> rusqlite::Result<Option<Summary>> {
    transaction
        .prepare_cached(
            r#"SELECT start, "end", span_count, error_count, services,
                      root_rank, root_id, root_parent, root_start, root_service, root_name
               FROM trace WHERE trace_id = ?1"#,
        )?
        .query_row([trace_id], |row| {
            Ok(Summary {
                start: row.get(0)?,
                end: row.get(1)?,
                span_count: row.get(2)?,
                error_count: row.get(3)?,
                services: read_services(&row.get::<_, String>(4)?),
                root: Root::read(row, 5)?,
            })
        })
        .optional()
}

fn save(
    transaction: &Transaction<'_>,
    trace_id: &[u8; 16],
    summary: &Summary,
) -> rusqlite::Result<()> {
    let Summary {
        start,
        end,
        span_count,
        error_count,
        services,
        root,
    } = summary;
    let services = serde_json::Value::from(services.as_slice()).to_string();
    transaction
        .prepare_cached(
            r#"INSERT OR REPLACE INTO trace
               (trace_id, start, "end", span_count, error_count, services,
                root_rank, root_id, root_parent, root_start, root_service, root_name)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"#,
        )?
        .execute(params![
            trace_id,
            start,
            end,
            span_count,
            error_count,
            services,
            root.rank,
            root.id,
            root.parent,
            root.start,
            root.service,
            root.name,
        ])?;
    Ok(())
}

/// The services of a trace from their column.
pub(super) fn read_services(json: &str) -> Vec<String> {
    serde_json::from_str(json).unwrap_or_default() // only `save` writes it
}

// === impl Summary, Root ===

impl Summary {
    fn add(&mut self, span: &SpanRow) {
        self.start = self.start.min(span.start);
        self.end = self.end.max(span.end);
        self.span_count += 1;
        self.error_count += i64::from(span.error);
        if let Err(place) = self
            .services
            .binary_search_by(|service| service.as_str().cmp(&span.service))
            && self.services.len() < MAX_SERVICES
        {
            self.services.insert(place, span.service.to_string());
        }
    }
}

impl Root {
    fn new(rank: i64, span: &SpanRow) -> Self {
        Self {
            rank,
            id: span.span_id,
            parent: span.parent_id,
            start: span.start,
            service: span.service.to_string(),
            name: span.name.clone(),
        }
    }

    fn read(row: &Row<'_>, first: usize) -> rusqlite::Result<Self> {
        Ok(Self {
            rank: row.get(first)?,
            id: row.get(first + 1)?,
            parent: row.get(first + 2)?,
            start: row.get(first + 3)?,
            service: row.get(first + 4)?,
            name: row.get(first + 5)?,
        })
    }
}
