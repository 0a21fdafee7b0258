//! Opens the file: durable, shrinking, of a known version.

use std::{path::Path, time::Duration};

use rusqlite::{Connection, OpenFlags};

use super::OpenError;

/// Raised with every change of `schema.sql`.
const SCHEMA_VERSION: i64 = 1;
const SCHEMA: &str = include_str!("schema.sql");

const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The connection of the writer. Makes the tables in a new file.
pub(super) fn open(path: &Path) -> Result<Connection, OpenError> {
    let connection = Connection::open(path).map_err(|error| database(path, error))?;
    configure(&connection).map_err(|error| database(path, error))?;
    let found = version(&connection).map_err(|error| database(path, error))?;
    match found {
        SCHEMA_VERSION => {}
        0 => create(&connection).map_err(|error| database(path, error))?,
        _ => {
            let path = path.to_owned();
            return Err(OpenError::SchemaVersion {
                path,
                found,
                known: SCHEMA_VERSION,
            });
        }
    }
    Ok(connection)
}

/// A connection for reads.
pub(super) fn open_read_only(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    Ok(connection)
}

fn configure(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    // Before the first page is written: it cannot be changed later without rewriting the file.
    connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // FULL syncs the log with each commit: what was acknowledged survives a power cut.
    connection.pragma_update(None, "synchronous", "FULL")?;
    // After a large transaction the log is cut back to this.
    connection.pragma_update(None, "journal_size_limit", 64 << 20)?;
    connection.pragma_update(None, "cache_size", -16_384) // 16 MiB
}

fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

fn create(connection: &Connection) -> rusqlite::Result<()> {
    // The version in the same transaction: a file is either empty or whole.
    connection.execute_batch(&format!(
        "BEGIN IMMEDIATE; {SCHEMA}; PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;"
    ))
}

fn database(path: &Path, error: rusqlite::Error) -> OpenError {
    OpenError::Database {
        path: path.to_owned(),
        source: Box::new(error),
    }
}
