//! `cargo xtask bench server`: what telemetry costs a server, ours beside others'.
//!
//! One program: the server under test, in one [`Arm`] each, and what loads and measures it.

mod arm;
mod compare;
mod instructions;
mod load;
mod peers;
mod process;
mod server;
mod sink;
mod table;

use crate::arm::Arm;
use anyhow::{Context as _, Result, bail};
use lexopt::prelude::*;
use std::time::Duration;

fn main() -> Result<()> {
    let mut args = lexopt::Parser::from_env();
    let Some(Value(command)) = args.next()? else {
        bail!("`serve ARM SINK`, `compare` or `instructions`");
    };
    match command.string()?.as_str() {
        "serve" => serve(&mut args),
        "compare" => compare(&mut args),
        "instructions" => instructions::main(),
        other => bail!("no command `{other}`"),
    }
}

fn serve(args: &mut lexopt::Parser) -> Result<()> {
    let arm = args.value()?.string()?;
    let arm = Arm::named(&arm).with_context(|| format!("no arm `{arm}`"))?;
    let sink = args.value()?.string()?;
    let postgres = match args.next()? {
        Some(Value(url)) => Some(url.string()?),
        Some(other) => return Err(other.unexpected().into()),
        None => None,
    };
    server::main(arm, &sink, postgres.as_deref())
}

fn compare(args: &mut lexopt::Parser) -> Result<()> {
    let mut plan = compare::Plan {
        rounds: 40,
        round: Duration::from_millis(400),
    };
    while let Some(arg) = args.next()? {
        match arg {
            Long("rounds") => plan.rounds = args.value()?.parse()?,
            Long("round-ms") => plan.round = Duration::from_millis(args.value()?.parse()?),
            other => return Err(other.unexpected().into()),
        }
    }
    compare::main(&plan)
}
