//! PostgreSQL, a database for each test on a server for all.

use super::support::Recorder;
use sqlx::postgres::PgPoolOptions;
use std::sync::Arc;
use throughline_instrument::sqlx::trace;
use throughline_test_postgres::Server;

#[path = "cases.rs"]
#[expect(clippy::duplicate_mod, reason = "each database runs all cases")]
mod cases;

pub(crate) type System = sqlx::Postgres;
pub(crate) type TracedPool = throughline_instrument::sqlx::TracedPool<System>;

pub(crate) const ID: &str = "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY";
/// The codes of a broken rule, and of what is not there.
pub(crate) const UNIQUE_VIOLATION: &str = "23505";
pub(crate) const UNKNOWN: &str = "42P01";

/// A database of one test.
#[derive(Debug)]
pub(crate) struct Database {
    server: Arc<Server>,
    name: String,
}

impl Database {
    pub(crate) async fn new() -> Self {
        let server = Server::shared();
        let name = server.create_database().await;
        Self { server, name }
    }

    /// A pool of one connection.
    pub(crate) async fn pool(&self, recorder: &Recorder) -> TracedPool {
        let options = PgPoolOptions::new().max_connections(1);
        let pool = options
            .connect_with(self.server.options(&self.name))
            .await
            .unwrap();
        trace(pool).with_tracer(recorder.telemetry.tracer("throughline.sqlx"))
    }

    /// What its spans tell of where it is: nothing of the user.
    pub(crate) fn place(&self) -> String {
        let (name, port) = (&self.name, self.server.port());
        format!(
            "db.system.name=postgresql\ndb.namespace={name}\nserver.address=127.0.0.1\nserver.port={port}\n"
        )
    }
}
