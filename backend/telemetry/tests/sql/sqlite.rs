//! SQLite, in memory.

use super::support::Recorder;
use sqlx::{SqlitePool, sqlite::SqlitePoolOptions};
use throughline_instrument::sqlx::trace;

#[path = "cases.rs"]
mod cases;

pub(crate) type System = sqlx::Sqlite;
pub(crate) type TracedPool = throughline_instrument::sqlx::TracedPool<System>;

pub(crate) const ID: &str = "INTEGER PRIMARY KEY";
/// The codes of a broken rule, and of what is not there.
pub(crate) const UNIQUE_VIOLATION: &str = "2067";
pub(crate) const UNKNOWN: &str = "1";

/// A database of one test.
#[derive(Debug)]
pub(crate) struct Database {
    place: &'static str,
}

impl Database {
    pub(crate) async fn new() -> Self {
        Self {
            place: "db.system.name=sqlite\ndb.namespace=:memory:\n",
        }
    }

    /// A pool of one connection.
    pub(crate) async fn pool(&self, recorder: &Recorder) -> TracedPool {
        let options = SqlitePoolOptions::new().max_connections(1);
        let pool: SqlitePool = options.connect("sqlite::memory:").await.unwrap();
        trace(pool).with_tracer(recorder.telemetry.tracer("throughline.sqlx"))
    }

    /// What its spans tell of where it is.
    pub(crate) fn place(&self) -> String {
        self.place.to_owned()
    }
}
