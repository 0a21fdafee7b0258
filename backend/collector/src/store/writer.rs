//! The one thread that writes. All that waits is committed together: one sync of the disk acknowledges many requests.

use std::{collections::HashMap, fs::File, thread};

use rusqlite::{Connection, Transaction, params};
use time::OffsetDateTime;
use tokio::sync::{mpsc, oneshot};

use super::{
    OpenError, Submission, SubmitError,
    batch::{Batch, Source, SpanRow},
    retention::Retention,
    summary,
};
use crate::settings::Settings;

/// Requests in one commit, so that the first of them does not wait for long.
const MAX_GROUP: usize = 64;
/// Bytes in one commit, so that the log stays small.
const MAX_GROUP_BYTES: usize = 32 << 20;

/// Starts the thread. The receiver hears when it has ended: all senders gone, everything written.
pub(super) fn spawn(
    connection: Connection,
    lock: File,
    queue: mpsc::Receiver<Submission>,
    settings: &Settings,
) -> Result<oneshot::Receiver<()>, OpenError> {
    let retention =
        Retention::load(&connection, settings).map_err(|error| OpenError::Database {
            path: settings.data_dir.clone(),
            source: Box::new(error),
        })?;
    let (stopped, stop) = oneshot::channel();
    thread::Builder::new()
        .name("throughline-store".to_owned())
        .spawn(move || {
            run(connection, queue, retention);
            drop(lock); // another process may write now
            let _ = stopped.send(()); // nobody has to listen
        })
        .map_err(|source| OpenError::System {
            what: "a thread for the trace store",
            source,
        })?;
    Ok(stop)
}

fn run(
    mut connection: Connection,
    mut queue: mpsc::Receiver<Submission>,
    mut retention: Retention,
) {
    while let Some(first) = queue.blocking_recv() {
        let group = group(first, &mut queue);
        let result = commit(&mut connection, &group, &mut retention).map_err(|error| {
            tracing::error!(%error, "the trace store cannot write");
            SubmitError::Failed(error.to_string().into())
        });
        for submission in group {
            let _ = submission.done.send(result.clone()); // its sender may have gone: stored all the same
        }
        if let Err(error) = retention.enforce(&mut connection) {
            tracing::error!(%error, "the trace store cannot delete its oldest traces");
        }
    }
}

fn group(first: Submission, queue: &mut mpsc::Receiver<Submission>) -> Vec<Submission> {
    let mut bytes = first.batch.size();
    let mut group = vec![first];
    while group.len() < MAX_GROUP && bytes < MAX_GROUP_BYTES {
        let Ok(next) = queue.try_recv() else { break };
        bytes += next.batch.size();
        group.push(next);
    }
    group
}

fn commit(
    connection: &mut Connection,
    group: &[Submission],
    retention: &mut Retention,
) -> rusqlite::Result<()> {
    let received = OffsetDateTime::now_utc().unix_timestamp_nanos();
    let received = i64::try_from(received).unwrap_or(i64::MAX);
    let transaction = connection.transaction()?;
    let mut added = Vec::new();
    for Submission { batch, .. } in group {
        if write(&transaction, batch, received)? {
            added.push((batch.source, batch.size()));
        }
    }
    transaction.commit()?;
    for (source, bytes) in added {
        retention.added(source, bytes);
    }
    Ok(())
}

/// Writes a batch, unless all of it is there already (a delivery that was repeated).
fn write(transaction: &Transaction<'_>, batch: &Batch, received: i64) -> rusqlite::Result<bool> {
    let size = i64::try_from(batch.size()).unwrap_or(i64::MAX);
    transaction
        .prepare_cached(
            "INSERT INTO chunk (received, source, size, spans) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![received, batch.source.to_sql(), size, batch.chunk])?;
    let chunk_id = transaction.last_insert_rowid();

    let mut traces: HashMap<[u8; 16], Change<'_>> = HashMap::new();
    for span in &batch.spans {
        match insert(transaction, chunk_id, batch.source, span)? {
            Inserted::New => traces.entry(span.trace_id).or_default().added.push(span),
            Inserted::Replaced => traces.entry(span.trace_id).or_default().replaced = true,
            Inserted::Known => {}
        }
    }
    if traces.is_empty() {
        transaction
            .prepare_cached("DELETE FROM chunk WHERE id = ?1")?
            .execute([chunk_id])?;
        return Ok(false);
    }
    for (trace_id, change) in traces {
        if change.replaced {
            summary::recount(transaction, &trace_id)?;
        } else {
            summary::add(transaction, &trace_id, &change.added)?;
        }
    }
    Ok(true)
}

/// What a batch does to one trace.
#[derive(Default)]
struct Change<'a> {
    added: Vec<&'a SpanRow>,
    replaced: bool,
}

enum Inserted {
    New,
    /// It took the place of a browser's span.
    Replaced,
    Known,
}

/// The first delivery of a span counts, and a program's before a browser's: who posts from a browser may know the ids of
/// the server's spans, and must not be able to send them first.
fn insert(
    transaction: &Transaction<'_>,
    chunk_id: i64,
    source: Source,
    span: &SpanRow,
) -> rusqlite::Result<Inserted> {
    let mut statement = transaction.prepare_cached(
        r#"INSERT OR IGNORE INTO span
           (trace_id, span_id, parent_id, chunk_id, source, start, "end", error, service, name)
           VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"#,
    )?;
    let values = params![
        span.trace_id,
        span.span_id,
        span.parent_id,
        chunk_id,
        source.to_sql(),
        span.start,
        span.end,
        span.error,
        span.service,
        span.name,
    ];
    if statement.execute(values)? == 1 {
        return Ok(Inserted::New);
    }
    if source == Source::Browser {
        return Ok(Inserted::Known);
    }
    let deleted = transaction
        .prepare_cached("DELETE FROM span WHERE trace_id = ?1 AND span_id = ?2 AND source <> ?3")?
        .execute(params![span.trace_id, span.span_id, source.to_sql()])?;
    if deleted == 0 {
        return Ok(Inserted::Known);
    }
    statement.execute(values)?;
    Ok(Inserted::Replaced)
}
