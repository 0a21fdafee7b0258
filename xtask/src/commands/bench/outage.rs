//! `cargo xtask bench outage`: requests to a server that exports to a sick receiver of OTLP.

use crate::{step, workspace};
use anyhow::Result;
use std::process::Command;

pub(crate) fn main(mut args: lexopt::Parser) -> Result<()> {
    crate::commands::no_more(&mut args)?;
    let mut cargo = Command::new("cargo");
    cargo.current_dir(workspace::root());
    cargo.args(["bench", "-p", "throughline-instrument", "--bench", "outage"]);
    step::loud("benchmark outages", &mut cargo)
}
