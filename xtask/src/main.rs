//! The project's commands. `cargo xtask` alone lists them.

mod build;
mod commands;
mod setup;
mod step;
mod workspace;

use std::process::ExitCode;

const HELP: &str = "\
cargo xtask COMMAND

  run [--port N] [--data-dir DIR]   build everything in release mode and start RAG Admin (port 8080, ./data)
  dev                               the server (debug, port 8080) and `trunk serve` (port 3000, reloads on change)
  test                              everything that CI runs: format, lints, host tests, WASM tests, e2e
  e2e [FILTER]                      only the end-to-end tests, in headless Chromium
  bench browser                     the browser client beside OpenTelemetry's JavaScript SDK, in Chromium
  bench server [--rounds N]         what telemetry costs a server, ours beside others' (`--instructions` counts them)
  bench outage                      requests to a server that exports to a sick receiver of OTLP
  size [--record]                   what the browser client adds to a page, feature by feature
  setup                             only install what the other commands need

Each command first installs what is missing, and says what it does.";

fn main() -> ExitCode {
    match dispatch(std::env::args_os().skip(1)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(args: impl Iterator<Item = std::ffi::OsString>) -> anyhow::Result<()> {
    use lexopt::prelude::*;
    let mut args = lexopt::Parser::from_args(args);
    let command = match args.next()? {
        Some(Value(command)) => command.string()?,
        None | Some(Short('h') | Long("help")) => {
            println!("{HELP}");
            return Ok(());
        }
        Some(other) => return Err(other.unexpected().into()),
    };
    match command.as_str() {
        "run" => commands::run::main(args),
        "dev" => commands::dev::main(args),
        "test" => commands::test::main(args),
        "e2e" => commands::e2e::main(args),
        "bench" => commands::bench::main(args),
        "size" => commands::size::main(args),
        "setup" => commands::setup(args),
        other => anyhow::bail!("no command `{other}`\n\n{HELP}"),
    }
}
