//! Instructions, counted by valgrind: the same however busy the machine is, but for how often threads wait for each other.

use crate::{
    arm::{Arm, Route},
    load::{Load, Until},
    process::{self, Core, Server},
    sink::Sink,
    table,
};
use anyhow::{Context as _, Result};
use throughline_test_postgres::Server as Postgres;

/// Requests on each connection, of a short and of a long run. What they differ by is what the requests cost, without the
/// start and the end of the process.
const REQUESTS: [u64; 2] = [50, 550];

pub(crate) fn main() -> Result<()> {
    process::pin(Core::Load)?;
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(async {
            for route in Route::ALL {
                let mut rows = Vec::new();
                let postgres = route.postgres();
                for arm in route.arms() {
                    let count = per_request(arm, route, postgres.as_ref()).await?;
                    rows.push((arm, count));
                }
                table::instructions(route, &rows);
            }
            Ok(())
        })
}

async fn per_request(arm: Arm, route: Route, postgres: Option<&Postgres>) -> Result<f64> {
    let (mut requests, mut instructions) = (0.0, 0.0);
    for (each, sign) in REQUESTS.into_iter().zip([-1.0, 1.0]) {
        let (count, total) = run(arm, route, postgres, each).await?;
        requests += sign * count as f64;
        instructions += sign * total as f64;
    }
    Ok(instructions / requests)
}

/// How many requests there were, and how many instructions.
async fn run(arm: Arm, route: Route, postgres: Option<&Postgres>, each: u64) -> Result<(u64, u64)> {
    let sink = Sink::start().await?;
    let log = tempfile::NamedTempFile::new()?;
    let log_file = format!("--log-file={}", log.path().display());
    let valgrind = [
        "valgrind",
        "--tool=cachegrind",
        "--cache-sim=no",
        "--cachegrind-out-file=/dev/null",
        &log_file,
    ];
    let server = Server::start(&valgrind, &arm.name(), &sink.url, postgres)
        .context("valgrind is needed (on Debian: apt-get install valgrind)")?;
    let mut load = Load::open(server.port, route.path()).await?;
    let (requests, _) = load.run(Until::Count(each)).await?;
    drop(load);
    server.stop().await?;
    // "==17== I   refs:      1,234,567"
    let log = std::fs::read_to_string(log.path())?;
    let total = log.lines().find_map(|line| line.split_once(" refs:"));
    let (_, total) = total.with_context(|| format!("no count in {log}"))?;
    let total = total.trim().replace(',', "");
    Ok((requests, total.parse()?))
}
