//! One command, one file.

pub(crate) mod bench;
pub(crate) mod dev;
pub(crate) mod e2e;
pub(crate) mod run;
pub(crate) mod size;
pub(crate) mod test;

use anyhow::Result;

/// `cargo xtask setup`
pub(crate) fn setup(mut args: lexopt::Parser) -> Result<()> {
    no_more(&mut args)?;
    crate::setup::everything().map(drop)
}

fn no_more(args: &mut lexopt::Parser) -> Result<()> {
    match args.next()? {
        Some(arg) => Err(arg.unexpected().into()),
        None => Ok(()),
    }
}
