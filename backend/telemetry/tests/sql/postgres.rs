//! PostgreSQL, a database for each test on a server for all.

use super::{server::Server, support::Recorder};
use sqlx::{AssertSqlSafe, Connection, PgConnection, postgres::PgPoolOptions};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use throughline_instrument::sqlx::trace;

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

/// The server of the tests that run now. It stops after the last of them, also when that one panics.
fn server() -> Arc<Server> {
    static SHARED: Mutex<Weak<Server>> = Mutex::new(Weak::new());
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    shared.upgrade().unwrap_or_else(|| {
        let server = Arc::new(Server::start());
        *shared = Arc::downgrade(&server);
        server
    })
}

impl Database {
    pub(crate) async fn new() -> Self {
        let server = server();
        let name = server.next_database();
        let mut connection = PgConnection::connect_with(&server.options("postgres"))
            .await
            .unwrap();
        let create = AssertSqlSafe(format!("CREATE DATABASE {name}"));
        sqlx::raw_sql(create)
            .execute(&mut connection)
            .await
            .unwrap();
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
