//! The application's database.

use std::time::Duration;

use anyhow::Context;
use sqlx::{
    Sqlite,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use throughline_instrument::sqlx::TracedPool;

use crate::settings::{Database, Settings};

/// The pool; each query on it is a span.
pub(crate) type Db = TracedPool<Sqlite>;

/// How long a writer waits for another one.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// How many requests can be at the database at once; SQLite has one writer.
const MAX_CONNECTIONS: u32 = 8;

/// Opens the database, makes it if it is not there, and brings it up to date.
pub(crate) async fn open(settings: &Settings) -> anyhow::Result<Db> {
    let options = match &settings.database {
        Database::Default => {
            SqliteConnectOptions::new().filename(settings.data_dir.join("rag-admin.db"))
        }
        Database::Sqlite(url) => url
            .parse()
            .with_context(|| format!("DATABASE_URL={url:?}"))?,
    };
    let options = options
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        // With WAL, NORMAL loses no consistency in a power cut, at most the last sign-ins.
        .synchronous(SqliteSynchronous::Normal)
        .busy_timeout(BUSY_TIMEOUT)
        .foreign_keys(true);
    let file = options.get_filename().to_owned();
    let pool = SqlitePoolOptions::new()
        .max_connections(MAX_CONNECTIONS)
        .connect_with(options)
        .await
        .with_context(|| format!("cannot open the database {}", file.display()))?;
    sqlx::migrate!()
        .run(&pool)
        .await
        .context("cannot bring the database up to date")?;
    Ok(throughline_instrument::sqlx::trace(pool))
}

/// Whether the database answers.
pub(crate) async fn ping(db: &Db) -> sqlx::Result<()> {
    sqlx::query("SELECT 1")
        .execute(db.untraced())
        .await
        .map(drop)
}
