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
    Sqlite, SqlitePool,
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
pub(crate) fn main(arm: Arm, sink: &str) -> Result<()> {
    process::pin(process::Core::Server)?;
    Runtime::new()?.block_on(serve(arm, sink))
}

async fn serve(arm: Arm, sink: &str) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let pool = database(&folder.path().join("bench.db")).await?;
    let (app, telemetry) = instrumented(arm, pool, sink)?;
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

async fn database(path: &std::path::Path) -> Result<SqlitePool> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal);
    let pool = sqlx::sqlite::SqlitePoolOptions::new()
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

/// The application with its telemetry, and what is to be shut down with it.
fn instrumented(arm: Arm, pool: SqlitePool, sink: &str) -> Result<(Router, Installed)> {
    let by_hand = match arm.queries {
        Queries::Untraced => get(user),
        Queries::Traced => get(user_in_a_span),
    };
    Ok(match arm.telemetry {
        Telemetry::None => (app(get(user), pool), Installed::Nothing),
        Telemetry::Ours => {
            let telemetry = throughline_instrument::init("bench")
                .from_vars(|name| match name {
                    "OTEL_EXPORTER_OTLP_ENDPOINT" => Some(sink.to_owned()),
                    // As the others' SDK does.
                    batch if batch.starts_with("OTEL_BSP_") => std::env::var(batch).ok(),
                    _ => None,
                })
                .install()?;
            let app = match arm.queries {
                Queries::Untraced => app(get(user), pool),
                Queries::Traced => app(get(traced_user), throughline_instrument::sqlx::trace(pool)),
            };
            (telemetry.trace(app), Installed::Ours(telemetry))
        }
        Telemetry::AxumTracingOpentelemetry => {
            let traces = peers::install(sink)?;
            let app = peers::axum_tracing_opentelemetry(app(by_hand, pool));
            (app, Installed::Theirs(traces))
        }
        Telemetry::TowerOtel => {
            let traces = peers::install(sink)?;
            let app = peers::tower_otel(app(by_hand, pool));
            (app, Installed::Theirs(traces))
        }
    })
}

fn app<S: Clone + Send + Sync + 'static>(user: MethodRouter<S>, state: S) -> Router {
    Router::new()
        .route("/bare/{id}", get(bare))
        .route("/users/{id}", user)
        .with_state(state)
}

// --- the handlers ---

async fn bare(Path(id): Path<i64>) -> String {
    format!("user-{id:05}@example.com")
}

async fn user(State(pool): State<SqlitePool>, Path(id): Path<i64>) -> Result<String, StatusCode> {
    let row = sqlx::query_scalar(QUERY).bind(id).fetch_one(&pool);
    row.await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
}

async fn traced_user(
    State(pool): State<TracedPool<Sqlite>>,
    Path(id): Path<i64>,
) -> Result<String, StatusCode> {
    let row = sqlx::query_scalar(QUERY).bind(id).fetch_one(&pool);
    row.await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
}

/// As one writes it where no crate does: the attributes that need no thought, and nothing of how it ended.
async fn user_in_a_span(
    State(pool): State<SqlitePool>,
    Path(id): Path<i64>,
) -> Result<String, StatusCode> {
    let span = tracing::info_span!(
        "SELECT users",
        otel.kind = "client",
        db.system.name = "sqlite",
        db.namespace = "bench.db",
        db.query.text = QUERY,
        db.operation.name = "SELECT",
        db.collection.name = "users",
    );
    let row = sqlx::query_scalar(QUERY).bind(id).fetch_one(&pool);
    let row = tracing::Instrument::instrument(row, span);
    row.await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
}
