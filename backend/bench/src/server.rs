//! The server under test.

use crate::{
    arm::{Arm, Queries, Telemetry},
    peers, process,
};
use anyhow::Result;
use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    routing::{MethodRouter, get},
};
use opentelemetry_sdk::trace::SdkTracerProvider;
use sqlx::{
    PgPool, Pool, SqlitePool,
    pool::PoolOptions,
    sqlite::{SqliteConnectOptions, SqliteJournalMode},
};
use std::{
    io::{Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr},
    thread,
    time::Duration,
};
use throughline_instrument::sqlx::TracedPool;
use tokio::{net::TcpListener, runtime::Runtime, sync::oneshot};

const QUERY: &str = "SELECT email FROM users WHERE id = $1";
/// Connections of the pool. Each is a thread, and all have one core.
const CONNECTIONS: u32 = 4;

/// Telemetry that was set up.
enum Installed {
    Nothing,
    Ours(throughline_instrument::Telemetry),
    Theirs(SdkTracerProvider),
}

/// Serves on one core until the standard input ends, having written its port on the standard output.
pub(crate) fn main(arm: Arm, sink: &str, url: Option<&str>) -> Result<()> {
    process::pin(process::Core::Server)?;
    Runtime::new()?.block_on(serve(arm, sink, url))
}

async fn serve(arm: Arm, sink: &str, url: Option<&str>) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (app, telemetry) = match url {
        Some(url) => {
            let pool = postgres(url).await?;
            instrumented(arm, || on_postgres::app(arm, pool), sink)?
        }
        None => {
            let pool = sqlite(&folder.path().join("bench.db")).await?;
            instrumented(arm, || on_sqlite::app(arm, pool), sink)?
        }
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let mut stdout = std::io::stdout();
    writeln!(stdout, "{}", listener.local_addr()?.port())?;
    stdout.flush()?;
    axum::serve(
        listener,
        app.into_make_service_with_connect_info::<SocketAddr>(),
    )
    .with_graceful_shutdown(async { drop(input_ends().await) })
    .await?;
    match telemetry {
        Installed::Nothing => {}
        Installed::Ours(telemetry) => drop(telemetry.shutdown(Duration::from_secs(5)).await),
        Installed::Theirs(traces) => traces.shutdown()?,
    }
    Ok(())
}

fn input_ends() -> oneshot::Receiver<()> {
    let (end, ended) = oneshot::channel();
    thread::spawn(move || {
        let _end = std::io::stdin().read_to_end(&mut Vec::new());
        let _nobody_waits = end.send(());
    });
    ended
}

async fn sqlite(path: &std::path::Path) -> Result<SqlitePool> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal);
    let pool = PoolOptions::new()
        .min_connections(CONNECTIONS)
        .max_connections(CONNECTIONS)
        .connect_with(options)
        .await?;
    sqlx::raw_sql(
        "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT NOT NULL);
         WITH RECURSIVE ids (id) AS (VALUES (1) UNION ALL SELECT id + 1 FROM ids WHERE id < 10000)
         INSERT INTO users SELECT id, printf('user-%05d@example.com', id) FROM ids;",
    )
    .execute(&pool)
    .await?;
    Ok(pool)
}

/// All servers share it: the first one makes the table.
async fn postgres(url: &str) -> Result<PgPool> {
    let pool = PoolOptions::new()
        .min_connections(CONNECTIONS)
        .max_connections(CONNECTIONS)
        .connect(url)
        .await?;
    sqlx::raw_sql(
        "CREATE TABLE IF NOT EXISTS users (id BIGINT PRIMARY KEY, email TEXT NOT NULL);
         INSERT INTO users SELECT id, format('user-%s@example.com', lpad(id::text, 5, '0'))
         FROM generate_series(1, 10000) AS id ON CONFLICT DO NOTHING;
         ANALYZE users;",
    )
    .execute(&pool)
    .await?;
    Ok(pool)
}

/// The application with its telemetry, and what is to be shut down with it.
fn instrumented(arm: Arm, app: impl FnOnce() -> Router, sink: &str) -> Result<(Router, Installed)> {
    Ok(match arm.telemetry {
        Telemetry::None => (app(), Installed::Nothing),
        Telemetry::Ours | Telemetry::Unsampled | Telemetry::Disabled => {
            let telemetry = throughline_instrument::init("bench")
                .from_vars(|name| match name {
                    "OTEL_EXPORTER_OTLP_ENDPOINT" => Some(sink.to_owned()),
                    "OTEL_TRACES_SAMPLER" => {
                        (arm.telemetry == Telemetry::Unsampled).then(|| "always_off".to_owned())
                    }
                    "OTEL_SDK_DISABLED" => {
                        (arm.telemetry == Telemetry::Disabled).then(|| "true".to_owned())
                    }
                    // As the others' SDK does.
                    batch if batch.starts_with("OTEL_BSP_") => std::env::var(batch).ok(),
                    _ => None,
                })
                .install()?;
            (telemetry.trace(app()), Installed::Ours(telemetry))
        }
        Telemetry::AxumTracingOpentelemetry => {
            let traces = peers::install(sink)?;
            let app = peers::axum_tracing_opentelemetry(app());
            (app, Installed::Theirs(traces))
        }
        Telemetry::TowerOtel => {
            let traces = peers::install(sink)?;
            (peers::tower_otel(app()), Installed::Theirs(traces))
        }
    })
}

/// The routes on each database: sqlx's bounds for both would be longer than what they are for.
macro_rules! on {
    ($module:ident, $database:ident, $system:literal) => {
        mod $module {
            use super::*;
            use sqlx::$database;

            pub(super) fn app(arm: Arm, pool: Pool<$database>) -> Router {
                match (arm.queries, arm.telemetry.is_of_others()) {
                    (Queries::Untraced, _) => routes(get(user), pool),
                    (Queries::Traced, true) => routes(get(user_in_a_span), pool),
                    (Queries::Traced, false) => {
                        routes(get(traced_user), throughline_instrument::sqlx::trace(pool))
                    }
                }
            }

            async fn user(
                State(pool): State<Pool<$database>>,
                Path(id): Path<i64>,
            ) -> Result<String, StatusCode> {
                let row = sqlx::query_scalar(QUERY).bind(id).fetch_one(&pool);
                row.await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
            }

            async fn traced_user(
                State(pool): State<TracedPool<$database>>,
                Path(id): Path<i64>,
            ) -> Result<String, StatusCode> {
                let row = sqlx::query_scalar(QUERY).bind(id).fetch_one(&pool);
                row.await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
            }

            /// As one writes it where no crate does: the attributes that need no thought, and nothing of how it ended.
            async fn user_in_a_span(
                State(pool): State<Pool<$database>>,
                Path(id): Path<i64>,
            ) -> Result<String, StatusCode> {
                let span = tracing::info_span!(
                    "SELECT users",
                    otel.kind = "client",
                    db.system.name = $system,
                    db.namespace = "bench",
                    db.query.text = QUERY,
                    db.operation.name = "SELECT",
                    db.collection.name = "users",
                );
                let row = sqlx::query_scalar(QUERY).bind(id).fetch_one(&pool);
                let row = tracing::Instrument::instrument(row, span);
                row.await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
            }
        }
    };
}

on!(on_sqlite, Sqlite, "sqlite");
on!(on_postgres, Postgres, "postgresql");

fn routes<S: Clone + Send + Sync + 'static>(user: MethodRouter<S>, state: S) -> Router {
    Router::new()
        .route("/bare/{id}", get(bare))
        .route("/users/{id}", user)
        .with_state(state)
}

async fn bare(Path(id): Path<i64>) -> String {
    format!("user-{id:05}@example.com")
}
