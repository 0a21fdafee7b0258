//! The application's database: SQLite, or PostgreSQL by `DATABASE_URL`.
//!
//! Queries are written once, in what both understand. What differs is here, in the migrations, and where
//! [`by_system`] is called.

use std::{borrow::Cow, time::Duration};

use anyhow::Context;
use sqlx::{
    Any, AnyConnection, AssertSqlSafe, ConnectOptions, Connection,
    any::{AnyConnectOptions, AnyPoolOptions, install_default_drivers},
    migrate::Migrator,
};
use throughline_instrument::sqlx::TracedPool;
use tokio::time;

use crate::settings::{DatabaseUrl, Settings};

/// The pool; each query on it is a span.
pub(crate) type Db = TracedPool<Any>;

static SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");
static POSTGRESQL: Migrator = sqlx::migrate!("migrations/postgres");

/// Opens the database, and brings it up to date. An SQLite database is made if it is not there.
///
/// # Errors
///
/// It is away, or cannot be used. The message names it without user and password.
pub(crate) async fn open(settings: &Settings) -> anyhow::Result<Db> {
    install_default_drivers();
    let file = settings.data_dir.join("rag-admin.db");
    let url = settings.database.url.clone();
    let url = url.or_else(|| DatabaseUrl::of_file(&file));
    let url = url.with_context(|| format!("{} cannot be told in a URL", file.display()))?;
    let options = AnyConnectOptions::from_url(url.expose())?.disable_statement_logging();
    let limit = settings.database.acquire_timeout;

    // Not by the pool, which would tell only that it took too long.
    let first = time::timeout(limit, options.connect()).await;
    let first = first.with_context(|| format!("no answer within {limit:?}"));
    let first = first.and_then(|it| Ok(it?));
    let first = first.with_context(|| format!("cannot open the database {url} (DATABASE_URL)"))?;
    let updated = bring_up_to_date(first).await;
    updated.with_context(|| format!("cannot bring the database {url} up to date"))?;

    let pool = AnyPoolOptions::new()
        .max_connections(settings.database.max_connections)
        .acquire_timeout(limit)
        .after_connect(move |connection, _| Box::pin(set_up(connection, limit)))
        .connect_lazy_with(options);
    Ok(throughline_instrument::sqlx::trace(pool))
}

async fn bring_up_to_date(mut connection: AnyConnection) -> anyhow::Result<()> {
    let migrations = if is_sqlite(connection.backend_name()) {
        &SQLITE
    } else {
        &POSTGRESQL
    };
    migrations.run(&mut connection).await?;
    Ok(connection.close().await?)
}

/// The statement for this database.
pub(crate) fn by_system(db: &Db, sqlite: &'static str, postgresql: &'static str) -> &'static str {
    if is_sqlite(db.system_name()) {
        sqlite
    } else {
        postgresql
    }
}

/// Whether the database answers.
pub(crate) async fn ping(db: &Db) -> sqlx::Result<()> {
    sqlx::query("SELECT 1")
        .execute(db.untraced())
        .await
        .map(drop)
}

/// Whether the database is away or busy: the same may succeed later.
pub(crate) fn is_away(error: &anyhow::Error) -> bool {
    use sqlx::Error::{Io, PoolClosed, PoolTimedOut};
    let is_known = matches!(of_database(error), Some(Io(_) | PoolTimedOut | PoolClosed));
    is_known || code(error).is_some_and(|code| is_code_of_away(&code))
}

/// Whether a text holds a zero character, which is none to PostgreSQL.
pub(crate) fn is_no_text(error: &anyhow::Error) -> bool {
    code(error).is_some_and(|code| code == "22021")
}

fn code(error: &anyhow::Error) -> Option<Cow<'_, str>> {
    of_database(error)?.as_database_error()?.code()
}

fn of_database(error: &anyhow::Error) -> Option<&sqlx::Error> {
    error.chain().find_map(|it| it.downcast_ref())
}

/// PostgreSQL (five characters): no connection, too many of them, no lock, it stops or starts. SQLite: busy or locked, with the
/// reason in an extended code's higher bits.
fn is_code_of_away(code: &str) -> bool {
    match code {
        "53300" | "55P03" | "57P01" | "57P02" | "57P03" => true,
        _ if code.len() == 5 => code.starts_with("08"),
        _ => matches!(code.parse::<u32>().map(|it| it & 0xff), Ok(5 | 6)),
    }
}

/// Who waits for another one's lock waits for `limit` at most.
async fn set_up(connection: &mut AnyConnection, limit: Duration) -> sqlx::Result<()> {
    let limit = limit.as_millis();
    let settings = if is_sqlite(connection.backend_name()) {
        // With WAL, NORMAL loses no consistency in a power cut, at most the last sign-ins.
        format!(
            "PRAGMA busy_timeout = {limit}; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; \
             PRAGMA foreign_keys = ON"
        )
    } else {
        format!("SET lock_timeout = {limit}; SET client_min_messages = warning")
    };
    sqlx::raw_sql(AssertSqlSafe(settings))
        .execute(connection)
        .await
        .map(drop)
}

/// By the name that sqlx has for it, or OpenTelemetry.
fn is_sqlite(name: &str) -> bool {
    name.eq_ignore_ascii_case("sqlite")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_that_is_away_is_told_by_its_code() {
        for code in [
            "08006", "53300", "55P03", "57P01", "57P03", "5", "6", "261", "517",
        ] {
            assert!(is_code_of_away(code), "{code}");
        }
        for code in ["23505", "22021", "57014", "1", "2067", ""] {
            assert!(!is_code_of_away(code), "{code}");
        }
    }
}
