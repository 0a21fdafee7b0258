//! Reads: the list of traces, and one trace.

use std::{
    collections::{HashMap, HashSet},
    path::PathBuf,
    sync::Arc,
};

use opentelemetry_proto::tonic::{
    resource::v1::Resource,
    trace::v1::{ResourceSpans, ScopeSpans, Span},
};
use parking_lot::Mutex;
use prost::Message;
use rusqlite::{Connection, params};
use tokio::sync::Semaphore;

use super::{
    ReadError,
    batch::{self, Source},
    sqlite, summary,
};
use crate::attributes::mark_source;

/// Reads at one time; more wait.
const MAX_READERS: usize = 4;

/// Connections for reads, made when they are needed.
#[derive(Debug)]
pub(super) struct Readers {
    path: PathBuf,
    idle: Arc<Mutex<Vec<Connection>>>,
    permits: Arc<Semaphore>,
}

/// Which traces are listed.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Filter {
    /// A service that takes part in the trace.
    pub(crate) service: Option<String>,
    /// A part of the name of the root, in any case.
    pub(crate) name: Option<String>,
    pub(crate) status: Option<Status>,
    pub(crate) min_duration_nanos: i64,
    /// The start of the trace, in nanoseconds since 1970.
    pub(crate) since_nanos: i64,
    pub(crate) limit: u32,
    pub(crate) after: Option<Cursor>,
}

/// Whether a trace has a span with status Error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Error,
    Ok,
}

/// The last trace of a page: the next page begins after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cursor {
    pub(crate) start_nanos: i64,
    pub(crate) trace_id: [u8; 16],
}

/// A page of the list.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) traces: Vec<TraceSummary>,
    pub(crate) next: Option<Cursor>,
}

/// A trace in the list.
#[derive(Debug)]
pub(crate) struct TraceSummary {
    pub(crate) trace_id: [u8; 16],
    pub(crate) root_name: String,
    pub(crate) root_service: String,
    pub(crate) start_nanos: i64,
    pub(crate) duration_nanos: i64,
    pub(crate) span_count: i64,
    pub(crate) error_count: i64,
    pub(crate) services: Vec<String>,
}

/// A trace as it was received, each span once.
#[derive(Debug)]
pub(crate) struct StoredTrace {
    pub(crate) resource_spans: Vec<ResourceSpans>,
    /// Whether spans were left out because the trace is larger than was asked for.
    pub(crate) is_truncated: bool,
}

// === impl Readers ===

impl Readers {
    pub(super) fn new(path: PathBuf) -> Self {
        let permits = Arc::new(Semaphore::new(MAX_READERS));
        Self {
            path,
            idle: Arc::default(),
            permits,
        }
    }

    /// Runs a read on a thread that may block. Its connection sees all that was acknowledged.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, ReadError> + Send + 'static,
    ) -> Result<T, ReadError> {
        let permit = Arc::clone(&self.permits)
            .acquire_owned()
            .await
            .map_err(|_| ReadError::Stopped)?;
        let idle = Arc::clone(&self.idle);
        let path = self.path.clone();
        // The permit goes along: a read whose caller went away still counts.
        let task = move || {
            let connection = idle.lock().pop();
            let connection = match connection {
                Some(connection) => connection,
                None => sqlite::open_read_only(&path)?,
            };
            let result = read(&connection);
            idle.lock().push(connection);
            drop(permit);
            result
        };
        tokio::task::spawn_blocking(task)
            .await
            .map_err(|_| ReadError::Stopped)?
    }
}

/// The page of traces that `filter` describes.
pub(super) fn traces(connection: &Connection, filter: &Filter) -> Result<Page, ReadError> {
    let mut statement = connection.prepare_cached(
        r#"SELECT trace_id, root_name, root_service, start, "end", span_count, error_count, services
           FROM trace
           WHERE (start, trace_id) < (?1, ?2)
             AND start >= ?3
             AND "end" - start >= ?4
             AND (?5 IS NULL OR (error_count > 0) = ?5)
             AND (?6 IS NULL OR EXISTS (SELECT 1 FROM json_each(services) WHERE value = ?6))
             AND (?7 IS NULL OR instr(lower(root_name), lower(?7)) > 0)
           ORDER BY start DESC, trace_id DESC
           LIMIT ?8"#,
    )?;
    // Before all that is there: greater than any id.
    const FIRST: (i64, &[u8]) = (i64::MAX, &[0xff; 17]);
    let (start, trace_id) = match &filter.after {
        Some(cursor) => (cursor.start_nanos, cursor.trace_id.as_slice()),
        None => FIRST,
    };
    let rows = statement.query_map(
        params![
            start,
            trace_id,
            filter.since_nanos,
            filter.min_duration_nanos,
            filter.status.map(|status| status == Status::Error),
            filter.service,
            filter.name,
            filter.limit.saturating_add(1), // one more shows whether there is a next page
        ],
        |row| {
            let (start, end): (i64, i64) = (row.get(3)?, row.get(4)?);
            Ok(TraceSummary {
                trace_id: row.get(0)?,
                root_name: row.get(1)?,
                root_service: row.get(2)?,
                start_nanos: start,
                duration_nanos: end.saturating_sub(start),
                span_count: row.get(5)?,
                error_count: row.get(6)?,
                services: summary::read_services(&row.get::<_, String>(7)?),
            })
        },
    )?;
    let mut traces = rows.collect::<Result<Vec<_>, _>>()?;
    let limit = usize::try_from(filter.limit).unwrap_or(usize::MAX);
    let has_more = traces.len() > limit;
    traces.truncate(limit);
    let last = traces.last().filter(|_| has_more);
    let next = last.map(|trace| Cursor {
        start_nanos: trace.start_nanos,
        trace_id: trace.trace_id,
    });
    Ok(Page { traces, next })
}

/// All spans of a trace.
pub(super) fn trace(
    connection: &Connection,
    trace_id: [u8; 16],
    max_bytes: usize,
) -> Result<Option<StoredTrace>, ReadError> {
    // One snapshot: a chunk that is named is there.
    let transaction = connection.unchecked_transaction()?;
    let mut chunks = HashMap::<i64, HashSet<[u8; 8]>>::new();
    let mut order = Vec::new();
    let mut statement =
        transaction.prepare_cached("SELECT chunk_id, span_id FROM span WHERE trace_id = ?1")?;
    let mut rows = statement.query([trace_id])?;
    while let Some(row) = rows.next()? {
        let chunk_id = row.get(0)?;
        chunks
            .entry(chunk_id)
            .or_insert_with(|| {
                order.push(chunk_id);
                HashSet::new()
            })
            .insert(row.get(1)?);
    }
    if order.is_empty() {
        return Ok(None);
    }
    order.sort_unstable();

    let mut assembly = Assembly {
        budget: max_bytes,
        ..Assembly::default()
    };
    for chunk_id in order {
        let Some(mut spans) = chunks.remove(&chunk_id) else {
            continue;
        };
        let (source, chunk) = transaction
            .prepare_cached("SELECT source, spans FROM chunk WHERE id = ?1")?
            .query_row([chunk_id], |row| {
                Ok((Source::from_sql(row.get(0)?), row.get::<_, Vec<u8>>(1)?))
            })?;
        // Each span that counts in this chunk, the first time it occurs there.
        let mut take = |span: &Span| {
            span.trace_id == trace_id
                && <[u8; 8]>::try_from(span.span_id.as_slice()).is_ok_and(|id| spans.remove(&id))
        };
        for resource in batch::read(&chunk)?.resource_spans {
            assembly.add(resource, source, &mut take);
        }
        if assembly.is_truncated {
            break;
        }
    }
    Ok(Some(StoredTrace {
        resource_spans: assembly.resource_spans,
        is_truncated: assembly.is_truncated,
    }))
}

/// Puts the spans of many requests under one resource and one scope again.
#[derive(Default)]
struct Assembly {
    resource_spans: Vec<ResourceSpans>,
    budget: usize,
    is_truncated: bool,
}

impl Assembly {
    fn add(
        &mut self,
        mut from: ResourceSpans,
        source: Source,
        take: &mut impl FnMut(&Span) -> bool,
    ) {
        for scope in &mut from.scope_spans {
            scope.spans.retain(|span| take(span) && self.fits(span));
        }
        from.scope_spans.retain(|scope| !scope.spans.is_empty());
        if from.scope_spans.is_empty() {
            return;
        }
        mark_source(
            from.resource.get_or_insert_with(Resource::default),
            source.mark(),
        );
        let same = self
            .resource_spans
            .iter_mut()
            .find(|to| to.resource == from.resource && to.schema_url == from.schema_url);
        match same {
            Some(to) => from
                .scope_spans
                .into_iter()
                .for_each(|scope| merge(to, scope)),
            None => self.resource_spans.push(from),
        }
    }

    fn fits(&mut self, span: &Span) -> bool {
        match self.budget.checked_sub(span.encoded_len()) {
            Some(budget) => {
                self.budget = budget;
                true
            }
            None => {
                self.is_truncated = true;
                false
            }
        }
    }
}

fn merge(to: &mut ResourceSpans, from: ScopeSpans) {
    let same = to
        .scope_spans
        .iter_mut()
        .find(|scope| scope.scope == from.scope && scope.schema_url == from.schema_url);
    match same {
        Some(scope) => scope.spans.extend(from.spans),
        None => to.scope_spans.push(from),
    }
}
