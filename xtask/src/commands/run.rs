//! `cargo xtask run`: everything in release mode, then RAG Admin.

use crate::setup::PageTools;
use crate::{build, workspace};
use anyhow::{Context as _, Result};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::Command;

pub(crate) fn main(mut args: lexopt::Parser) -> Result<()> {
    use lexopt::prelude::*;
    let mut port: u16 = 8080;
    let mut data_dir: Option<PathBuf> = None;
    while let Some(arg) = args.next()? {
        match arg {
            Long("port") => port = args.value()?.parse()?,
            Long("data-dir") => data_dir = Some(args.value()?.into()),
            other => return Err(other.unexpected().into()),
        }
    }
    // A relative folder is meant from where the person stands.
    let data_dir = match data_dir {
        Some(dir) => std::path::absolute(dir)?,
        None => workspace::root().join("data"),
    };

    let tools = PageTools::ensure()?;
    build::VIEWER.build(&tools)?;
    build::APP.build(&tools)?;
    let server = build::server()?;
    eprintln!("\nSign in as demo@example.com with the password: correct horse battery staple\n");
    // Replaces this process, so that signals reach the server itself.
    let error = Command::new(&server)
        .env("HOST", "127.0.0.1")
        .env("PORT", port.to_string())
        .env("DATA_DIR", data_dir)
        .env("DEMO_USER", "1")
        .exec();
    Err(error).with_context(|| format!("starting {}", server.display()))
}
