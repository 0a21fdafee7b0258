//! `cargo xtask bench`: what telemetry costs, ours beside others'.

mod browser;
mod outage;
mod server;

use anyhow::{Result, bail};

pub(crate) fn main(mut args: lexopt::Parser) -> Result<()> {
    use lexopt::prelude::*;
    match args.next()? {
        Some(Value(what)) if what == "browser" => browser::main(args),
        Some(Value(what)) if what == "outage" => outage::main(args),
        Some(Value(what)) if what == "server" => server::main(args),
        _ => bail!("bench what? `cargo xtask bench browser`, `outage` or `server`"),
    }
}
