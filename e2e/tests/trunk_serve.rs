//! The page as a developer has it: Trunk on port 3000, the server behind its proxy.

use std::net::TcpListener;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use throughline_e2e::{Browser, Process, Server, program, until, workspace};

use crate::sign_in::{sign_in_by_click, tree};

/// The page may have to be compiled first.
const BUILT_WITHIN: Duration = Duration::from_secs(15 * 60);

#[tokio::test]
async fn trunk_serve_gives_the_same_tree() -> Result<()> {
    // Else the page of somebody else would be taken for ours.
    drop(TcpListener::bind("127.0.0.1:3000").context("port 3000 is in use")?);
    let server = Server::start_on(8080).await?;
    let mut command = Command::new(program("TRUNK", "target/trunk.sh")?);
    // `cargo test` points it at the libraries of the toolchain of the tests: not those of the compiler that Trunk takes.
    command
        .arg("serve")
        .current_dir(workspace())
        .env_remove("LD_LIBRARY_PATH");
    let mut trunk = Process::start(command)?;
    let page = "http://127.0.0.1:3000/";
    until("trunk serve", BUILT_WITHIN, async || {
        trunk.check_running()?;
        Ok(reqwest::get(page).await?.error_for_status()?)
    })
    .await?;
    let browser = Browser::start().await?;
    tree().assert_eq(&sign_in_by_click(&browser, &server, page).await?.tree());
    Ok(())
}
