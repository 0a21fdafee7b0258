//! RAG Admin's server, as an operator runs it.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tempfile::TempDir;

use crate::{Process, Traces, free_port, program, record, until};

/// The demo administrator.
pub const DEMO_EMAIL: &str = "demo@example.com";
/// Its password.
pub const DEMO_PASSWORD: &str = "correct horse battery staple";
/// What opens the viewer and its API to the tests.
pub const TOKEN: &str = "a-token-that-only-the-tests-know";

const READY_WITHIN: Duration = Duration::from_secs(30);

/// `rag-admin-server` on a port and with a data folder of its own. Dropping it ends it.
#[derive(Debug)]
pub struct Server {
    process: Process,
    port: u16,
    data: Arc<TempDir>,
}

impl Server {
    /// Starts it on a free port, with a fresh data folder, and waits until it is ready.
    pub async fn start() -> Result<Self> {
        Self::start_on(free_port()?).await
    }

    /// The same on a port of the caller's choice.
    pub async fn start_on(port: u16) -> Result<Self> {
        Self::start_with(port, &[]).await
    }

    /// The same with further settings.
    pub async fn start_with(port: u16, settings: &[(&str, &str)]) -> Result<Self> {
        Self::run(port, Arc::new(tempfile::tempdir()?), settings).await
    }

    /// `kill -9`, and a new start over what the old process left in its data folder.
    pub async fn killed_and_restarted(mut self) -> Result<Self> {
        self.process.kill();
        Self::run(self.port, Arc::clone(&self.data), &[]).await
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        if self.process.check_running().is_ok() {
            record::all_of(self.traces());
        }
        self.process.kill();
    }

    async fn run(port: u16, data: Arc<TempDir>, settings: &[(&str, &str)]) -> Result<Self> {
        let mut command = command(port, data.path())?;
        command.envs(settings.iter().copied());
        let mut process = Process::start(command)?;
        let ready = format!("http://127.0.0.1:{port}/readyz");
        until("rag-admin-server", READY_WITHIN, async || {
            process.check_running()?;
            Ok(reqwest::get(&ready).await?.error_for_status()?)
        })
        .await
        .with_context(|| process.output())?;
        Ok(Self {
            process,
            port,
            data,
        })
    }

    /// The address of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// What its collector holds.
    pub fn traces(&self) -> Traces {
        Traces::new(&self.url(""), TOKEN)
    }

    /// Its log: every line of standard output is one JSON object.
    pub fn log(&self) -> Result<Vec<Value>> {
        let parse = |line: String| {
            let record: Value =
                serde_json::from_str(&line).with_context(|| format!("not JSON: {line}"))?;
            ensure!(record.is_object(), "not a JSON object: {line}");
            Ok(record)
        };
        self.process.stdout().into_iter().map(parse).collect()
    }

    /// The lines of its log that belong to a trace.
    pub fn log_of(&self, trace_id: &str) -> Result<Vec<Value>> {
        let mut log = self.log()?;
        log.retain(|it| it["trace_id"] == trace_id);
        Ok(log)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

fn command(port: u16, data: &Path) -> Result<Command> {
    let mut command = Command::new(program(
        "RAG_ADMIN_SERVER",
        "target/release/rag-admin-server",
    )?);
    command
        .env("HOST", "127.0.0.1")
        .env("PORT", port.to_string())
        .env("DATA_DIR", data)
        .env("DEMO_USER", "1")
        .env("OTLP_HTTP_ADDR", "")
        .env("TELEMETRY_TOKEN", TOKEN);
    // What the caller's environment says of telemetry is not meant for the server under test.
    for inherited in std::env::vars_os().map(|(name, _)| name) {
        if inherited.to_string_lossy().starts_with("OTEL_") || inherited == "RUST_LOG" {
            command.env_remove(inherited);
        }
    }
    if let Some(endpoint) = record::endpoint() {
        command
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
            .env("OTEL_BSP_SCHEDULE_DELAY", "200")
            .env("OTEL_BLRP_SCHEDULE_DELAY", "200")
            .env("OTEL_METRIC_EXPORT_INTERVAL", "500");
    }
    Ok(command)
}
