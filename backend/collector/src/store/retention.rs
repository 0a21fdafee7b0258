//! Keeps each source within its share of the disk by deleting its oldest chunks, by time of receipt.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::{
    batch::{self, Source},
    summary,
};
use crate::settings::Settings;

/// Chunks deleted in one transaction: ingest waits for no longer than that.
const CHUNKS_A_STEP: usize = 16;

/// Free pages that stay in the file for what comes next: 1 MiB.
const SPARE_PAGES: i64 = 256;

/// How much each source takes and may take.
#[derive(Debug)]
pub(super) struct Retention {
    shares: [Share; Source::ALL.len()],
}

#[derive(Debug)]
struct Share {
    source: Source,
    bytes: u64,
    limit: u64,
}

impl Retention {
    /// Reads from the file what is there.
    pub(super) fn load(connection: &Connection, settings: &Settings) -> rusqlite::Result<Self> {
        let share = |source: Source, limit| {
            connection
                .query_row(
                    "SELECT coalesce(sum(size), 0) FROM chunk WHERE source = ?1",
                    [source.to_sql()],
                    |row| row.get::<_, i64>(0),
                )
                .map(|bytes| Share {
                    source,
                    bytes: bytes.try_into().unwrap_or(0),
                    limit,
                })
        };
        Ok(Self {
            shares: [
                share(Source::Program, settings.max_store_bytes)?,
                share(Source::Browser, settings.max_browser_bytes)?,
            ],
        })
    }

    pub(super) fn added(&mut self, source: Source, bytes: usize) {
        for share in self
            .shares
            .iter_mut()
            .filter(|share| share.source == source)
        {
            share.bytes = share.bytes.saturating_add(bytes as u64);
        }
    }

    /// Deletes what is too much, and gives the space back to the file system.
    pub(super) fn enforce(&mut self, connection: &mut Connection) -> rusqlite::Result<()> {
        let mut deleted = false;
        for share in &mut self.shares {
            while share.bytes > share.limit {
                let transaction = connection.transaction()?;
                let freed = delete_oldest(&transaction, share)?;
                transaction.commit()?;
                if freed == 0 {
                    break;
                }
                share.bytes = share.bytes.saturating_sub(freed);
                deleted = true;
            }
        }
        if deleted {
            give_back(connection)?;
        }
        Ok(())
    }
}

/// Gives free pages back to the file system.
fn give_back(connection: &Connection) -> rusqlite::Result<()> {
    let free: i64 = connection.pragma_query_value(None, "freelist_count", |row| row.get(0))?;
    let surplus = free - SPARE_PAGES;
    if surplus <= 0 {
        return Ok(());
    }
    let mut statement = connection.prepare(&format!("PRAGMA incremental_vacuum({surplus})"))?;
    let mut pages = statement.query([])?;
    // Each step frees one page.
    while pages.next()?.is_some() {}
    Ok(())
}

/// Deletes the oldest chunks of a source, but never its newest: what was just acknowledged stays. Returns bytes freed.
fn delete_oldest(transaction: &Transaction<'_>, share: &Share) -> rusqlite::Result<u64> {
    let mut freed = 0;
    let mut touched = HashSet::new();
    for _ in 0..CHUNKS_A_STEP {
        if share.bytes.saturating_sub(freed) <= share.limit {
            break;
        }
        let oldest = transaction
            .prepare_cached(
                "SELECT id, size, spans FROM chunk WHERE source = ?1
                 AND id < (SELECT max(id) FROM chunk WHERE source = ?1) ORDER BY id LIMIT 1",
            )?
            .query_row([share.source.to_sql()], |row| {
                Ok((
                    row.get::<_, i64>(0)?,
                    row.get::<_, i64>(1)?,
                    row.get::<_, Vec<u8>>(2)?,
                ))
            })
            .optional()?;
        let Some((id, size, chunk)) = oldest else {
            break;
        };
        delete(transaction, id, &chunk, &mut touched)?;
        freed += u64::try_from(size).unwrap_or(0);
    }
    for trace_id in &touched {
        summary::recount(transaction, trace_id)?;
    }
    Ok(freed)
}

fn delete(
    transaction: &Transaction<'_>,
    chunk_id: i64,
    chunk: &[u8],
    touched: &mut HashSet<[u8; 16]>,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached("DELETE FROM chunk WHERE id = ?1")?
        .execute([chunk_id])?;
    let request = match batch::read(chunk) {
        Ok(request) => request,
        Err(error) => {
            tracing::error!(%error, chunk_id, "a damaged chunk was deleted; its rows stay");
            return Ok(());
        }
    };
    let scopes = request
        .resource_spans
        .iter()
        .flat_map(|resource| &resource.scope_spans);
    for span in scopes.flat_map(|scope| &scope.spans) {
        // A span that another chunk delivered first counts there, and stays.
        let deleted = transaction
            .prepare_cached(
                "DELETE FROM span WHERE trace_id = ?1 AND span_id = ?2 AND chunk_id = ?3",
            )?
            .execute(params![span.trace_id, span.span_id, chunk_id])?;
        if deleted > 0
            && let Ok(trace_id) = span.trace_id.as_slice().try_into()
        {
            touched.insert(trace_id);
        }
    }
    Ok(())
}
