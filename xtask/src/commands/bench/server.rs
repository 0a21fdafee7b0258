//! `cargo xtask bench server`: the server instrumentation beside axum-tracing-opentelemetry and tower-otel.

use crate::{setup::Postgres, step, workspace};
use anyhow::Result;
use std::process::Command;

/// A workspace of its own, so that nobody else builds what the others need.
const WORKSPACE: &str = "backend/bench";

pub(super) fn main(mut args: lexopt::Parser) -> Result<()> {
    let what = Measured::of(&mut args)?;
    let target = workspace::root().join("target/bench-server");
    let mut cargo = Command::new("cargo");
    cargo
        .current_dir(workspace::root().join(WORKSPACE))
        .args(["build", "--release", "--target-dir"])
        .arg(&target);
    step::quiet(
        "build the servers, ours and the others' (some minutes the first time)",
        &mut cargo,
    )?;
    let mut bench = Command::new(target.join("release/throughline-bench-server"));
    Postgres::ensure()?.prepare(&mut bench);
    match what {
        Measured::Times(rounds) => {
            bench.arg("compare");
            bench.args(rounds.iter().flat_map(|it| ["--rounds", it]));
            step::loud("requests, in turns", &mut bench)
        }
        Measured::Instructions => {
            step::loud("instructions, by valgrind", bench.arg("instructions"))
        }
    }
}

/// What is looked at.
enum Measured {
    /// So many rounds, if somebody says how many.
    Times(Option<String>),
    Instructions,
}

// === impl Measured ===

impl Measured {
    fn of(args: &mut lexopt::Parser) -> Result<Self> {
        use lexopt::prelude::*;
        let mut measured = Self::Times(None);
        while let Some(arg) = args.next()? {
            measured = match arg {
                Long("instructions") => Self::Instructions,
                Long("rounds") => Self::Times(Some(args.value()?.string()?)),
                other => return Err(other.unexpected().into()),
            };
        }
        Ok(measured)
    }
}
