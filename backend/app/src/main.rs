//! `rag-admin-server`: serves RAG Admin, or adds a user to it.

mod command;

use std::{
    fs,
    io::{IsTerminal, Write, stderr},
    process::ExitCode,
    time::Duration,
};

use anyhow::Context;
use rag_admin_server::{Server, add_user, asset_paths, settings::Settings};
use throughline_collector::Collector;
use throughline_instrument::{BatchSettings, EXCLUDED_PATHS, Processing, Telemetry};
use tokio::signal;
use tracing::{info, warn};

use self::command::Command;

/// How long the last spans may take to be stored or sent.
const LAST_SPANS: Duration = Duration::from_secs(5);

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("rag-admin-server: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> anyhow::Result<()> {
    let command = command::parse(std::env::args_os())?;
    if matches!(command, Command::Help) {
        println!("{}", command::USAGE);
        return Ok(());
    }
    let settings = Settings::from_vars(|name| std::env::var(name).ok())?;
    fs::create_dir_all(&settings.data_dir).with_context(|| {
        format!(
            "cannot make the folder {} (DATA_DIR)",
            settings.data_dir.display()
        )
    })?;
    match command {
        Command::Help => Ok(()),
        Command::Serve => serve(&settings).await,
        Command::AddUser { email, role } => {
            let password = command::read_password()?;
            let email = add_user(&settings, &email, &password, role).await?;
            println!("{email} can sign in now ({role}).");
            Ok(())
        }
    }
}

async fn serve(settings: &Settings) -> anyhow::Result<()> {
    let collector = Collector::open(throughline_collector::Settings::new(&settings.data_dir))?;
    let telemetry = throughline_instrument::init("rag-admin-backend")
        .version(env!("CARGO_PKG_VERSION"))
        .from_env()
        .http(|http| http.trusted_proxies(&settings.trusted_proxies))
        .excluded_paths(
            EXCLUDED_PATHS
                .map(str::to_owned)
                .into_iter()
                .chain(asset_paths()),
        )
        .export_with(store_soon(), collector.exporter())
        .install()?;
    // Signals are caught before anybody can know that the server runs.
    let stop = stop_signal()?;

    let server = Server::start(settings, &telemetry, &collector).await?;
    announce(&server);
    let signal = stop.await;
    info!(signal, "stopping");
    server.stop().await;
    last_spans(&telemetry).await;
    collector.close().await;
    Ok(())
}

/// A trace can be looked at as soon as the browser's half of it is there. A store in the same process makes that cheap.
fn store_soon() -> Processing {
    Processing::BatchWith(BatchSettings {
        schedule_delay: Duration::from_millis(500),
        ..BatchSettings::default()
    })
}

/// Says where everything is, beside the log. The token is for a person's eyes: not for a pipe, which may lead to a log.
fn announce(server: &Server) {
    let app = format!("http://{}/", server.address());
    let mut viewer = format!("{app}telemetry/");
    if stderr().is_terminal() {
        viewer = format!("{viewer}?token={}", server.viewer_token().expose());
    }
    let mut lines = format!("RAG Admin: {app}\nTelemetry: {viewer}\n");
    if let Some(otlp) = server.otlp_address() {
        lines.push_str(&format!("OTLP/HTTP: http://{otlp}/v1/traces\n"));
    }
    // Nobody reading is no reason to stop.
    let _ = stderr().write_all(lines.as_bytes());
    info!(address = %server.address(), "listening");
}

async fn last_spans(telemetry: &Telemetry) {
    let lost: u64 = telemetry
        .shutdown(LAST_SPANS)
        .await
        .iter()
        .map(|ledger| ledger.dropped_total())
        .sum();
    if lost > 0 {
        warn!(spans = lost, "not every span was stored or sent");
    }
}

/// Resolves once the process is asked to stop. Signals are caught from this call on.
#[cfg(unix)]
fn stop_signal() -> anyhow::Result<impl Future<Output = &'static str>> {
    use signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
        }
    })
}

/// Resolves once the process is asked to stop.
#[cfg(not(unix))]
fn stop_signal() -> anyhow::Result<impl Future<Output = &'static str>> {
    Ok(async {
        // An error says that nobody can ask.
        if signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        "Ctrl-C"
    })
}
