//! Times: all servers at once, loaded in turns.

use crate::{
    arm::{Arm, Route},
    load::{Load, Until},
    process::{self, Core, Server},
    sink::Sink,
    table::{self, Row},
};
use anyhow::{Result, ensure};
use std::time::{Duration, Instant};
use throughline_test_postgres::Server as Postgres;
use tokio::time::sleep;

/// How often, and how long, each server is loaded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) rounds: usize,
    pub(crate) round: Duration,
}

/// Longer than spans wait in a queue (`OTEL_BSP_SCHEDULE_DELAY`, 5 s).
const SETTLE: Duration = Duration::from_secs(6);
/// Rounds that do not count.
const WARM_UP: usize = 2;

/// A server under load.
struct Contender {
    arm: Arm,
    server: Server,
    sink: Sink,
    route: Route,
    load: Load,
    rounds: Vec<Round>,
}

/// What one round began with and brought.
struct Round {
    cpu_before: Duration,
    requests: u64,
    time: Duration,
}

pub(crate) fn main(plan: &Plan) -> Result<()> {
    ensure!(plan.rounds > 0, "no rounds");
    process::pin(Core::Load)?;
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(async {
            for route in Route::ALL {
                let rows = run(plan, route).await?;
                table::times(plan, route, &rows);
            }
            Ok(())
        })
}

async fn run(plan: &Plan, route: Route) -> Result<Vec<Row>> {
    let postgres = route.postgres();
    let mut contenders = Vec::new();
    for arm in route.arms() {
        contenders.push(Contender::start(arm, route, postgres.as_ref()).await?);
    }
    for round in 0..WARM_UP + plan.rounds {
        // There and back, so that no arm always follows the same one.
        if round % 2 == 1 {
            contenders.reverse();
        }
        for contender in &mut contenders {
            contender.round(plan.round).await?;
        }
        if round % 2 == 1 {
            contenders.reverse();
        }
    }
    sleep(SETTLE).await;
    let mut rows = Vec::new();
    for contender in contenders {
        rows.push(contender.end().await?);
    }
    Ok(rows)
}

// === impl Contender ===

impl Contender {
    async fn start(arm: Arm, route: Route, postgres: Option<&Postgres>) -> Result<Self> {
        let sink = Sink::start().await?;
        let server = Server::start(&[], &arm.name(), &sink.url, postgres)?;
        let load = Load::open(server.port, route.path()).await?;
        Ok(Self {
            arm,
            server,
            sink,
            route,
            load,
            rounds: Vec::new(),
        })
    }

    async fn round(&mut self, length: Duration) -> Result<()> {
        let cpu_before = self.server.cpu_time()?;
        let until = Until::Time(Instant::now() + length);
        let (requests, time) = self.load.run(until).await?;
        self.rounds.push(Round {
            cpu_before,
            requests,
            time,
        });
        Ok(())
    }

    /// A round's processor time is all that is used until the next round of the same server: what is exported while others
    /// have their turn is told of who made it.
    async fn end(self) -> Result<Row> {
        let end = self.server.cpu_time()?;
        let after = self.rounds.iter().skip(1).map(|round| round.cpu_before);
        let rounds = self.rounds.iter().zip(after.chain([end]));
        let rounds: Vec<(f64, f64)> = rounds
            .skip(WARM_UP)
            .map(|(round, after)| {
                let requests = round.requests as f64;
                let cpu = after.saturating_sub(round.cpu_before);
                let micros = cpu.as_secs_f64() * 1e6;
                (requests / round.time.as_secs_f64(), micros / requests)
            })
            .collect();
        let requests: u64 = self.rounds.iter().map(|round| round.requests).sum();
        let made = requests * self.arm.spans(self.route);
        let exported = (made > 0).then(|| self.sink.spans() as f64 / made as f64);
        self.server.stop().await?;
        let (rates, micros) = rounds.into_iter().unzip();
        Ok(Row {
            arm: self.arm,
            rates,
            micros,
            exported,
        })
    }
}
