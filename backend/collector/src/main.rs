//! `throughline`: the collector as a program of its own.

#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::{
    io::{self, IsTerminal, Write, stderr, stdout},
    net::SocketAddr,
    path::PathBuf,
    time::Duration,
};

use anyhow::{Context, bail};
use axum::Router;
use throughline_collector::{
    Access, Collector, OtlpSettings, Settings,
    access::{load_or_create_token, loopback_hosts_only},
};
use tokio::{net::TcpListener, signal};

const USAGE: &str = "\
throughline serve [--http ADDRESS] [--data-dir DIR]

Receives OpenTelemetry traces (OTLP/HTTP, protobuf and JSON) and shows them.

  --http ADDRESS   where to listen; 127.0.0.1:4318 by default. Off loopback, senders of traces need the token, too
                   (OTEL_EXPORTER_OTLP_HEADERS=authorization=Bearer%20TOKEN)
  --data-dir DIR   where traces are kept; ./data by default

TELEMETRY_TOKEN    opens the viewer; by default a token is made and kept in DIR/telemetry-token
RUST_LOG           what is logged; `info` by default
";

/// How long a stop waits for requests that are under way.
const GRACE: Duration = Duration::from_secs(5);

struct Arguments {
    http: SocketAddr,
    data_dir: PathBuf,
}

fn main() -> anyhow::Result<()> {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(stderr)
        .init();
    let Some(arguments) = parse()? else {
        print!("{USAGE}");
        return Ok(());
    };
    let token = std::env::var("TELEMETRY_TOKEN")
        .ok()
        .filter(|token| !token.is_empty());
    tokio::runtime::Runtime::new()?.block_on(serve(arguments, token))
}

fn parse() -> anyhow::Result<Option<Arguments>> {
    use lexopt::prelude::{Long, Short, Value, ValueExt};

    let mut arguments = Arguments {
        http: SocketAddr::from(([127, 0, 0, 1], 4318)),
        data_dir: "data".into(),
    };
    let mut has_command = false;
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Value(command) if !has_command && command == "serve" => has_command = true,
            Long("http") => arguments.http = parser.value()?.parse()?,
            Long("data-dir") => arguments.data_dir = parser.value()?.into(),
            Long("help") | Short('h') => return Ok(None),
            _ => bail!("{}\n\n{USAGE}", argument.unexpected()),
        }
    }
    Ok(has_command.then_some(arguments))
}

async fn serve(arguments: Arguments, token: Option<String>) -> anyhow::Result<()> {
    let Arguments { http, data_dir } = arguments;
    // Before anything is written: a second start must not disturb the first.
    let listener = TcpListener::bind(http).await.with_context(|| {
        format!("cannot listen on {http}; is another collector running? (--http ADDRESS chooses another port)")
    })?;
    let address = listener.local_addr()?;
    let token = match token {
        Some(token) => token,
        None => load_or_create_token(&data_dir)?,
    };
    let collector = Collector::open(Settings::new(data_dir))?;
    // Off loopback strangers can reach it: the token is the key of the receiver, too.
    let key = (!address.ip().is_loopback()).then(|| token.clone());
    let router = Router::new()
        .merge(collector.otlp(OtlpSettings {
            key,
            ..OtlpSettings::default()
        }))
        .merge(collector.viewer(Access::token(&token)));
    let router = if address.ip().is_loopback() {
        loopback_hosts_only(router)
    } else {
        router
    };
    // Caught before anybody can know that the program runs: a stop that comes at once is a clean one, too.
    let stop = stop_signal()?;

    let mut out = stdout();
    let _ = writeln!(out, "OTLP/HTTP  http://{address}/v1/traces"); // nobody has to read it
    // Never into a file or a log.
    let query = if stdout().is_terminal() {
        format!("?token={token}")
    } else {
        String::new()
    };
    let _ = writeln!(out, "Viewer     http://{address}/telemetry/{query}");

    let (stopping, stopped) = tokio::sync::oneshot::channel();
    let server = axum::serve(listener, router).with_graceful_shutdown(async {
        stop.await;
        let _ = stopping.send(()); // the receiver waits below for as long as the server runs
    });
    tokio::select! {
        served = server => served?,
        () = grace(stopped) => tracing::warn!("some requests did not end in time"),
    }
    collector.close().await;
    Ok(())
}

/// Ends some time after the stop was asked for: a connection that hangs must not hold the program.
async fn grace(stopped: tokio::sync::oneshot::Receiver<()>) {
    let _ = stopped.await; // an error means that the server has ended: the caller is done by then
    tokio::time::sleep(GRACE).await;
}

/// Resolves once the program is asked to stop; signals are caught from the call on.
#[cfg(unix)]
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    use signal::unix::{SignalKind, signal};

    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Resolves once the program is asked to stop.
#[cfg(not(unix))]
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        if signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}
