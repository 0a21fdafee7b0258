//! `cargo xtask dev`: the server in debug mode, and `trunk serve` with reload on change.

use crate::setup::{PageTools, Profile};
use crate::{build, step, workspace};
use anyhow::{Context as _, Result, bail};
use std::process::{Child, Command, Stdio};

pub(crate) fn main(mut args: lexopt::Parser) -> Result<()> {
    super::no_more(&mut args)?;
    let tools = PageTools::ensure()?;
    build::VIEWER.build(&tools)?;
    let mut cargo = Command::new("cargo");
    cargo
        .current_dir(workspace::root())
        .args(["build", "-p", "rag-admin-server"]);
    step::quiet("build the server", &mut cargo)?;

    let mut server = Command::new(workspace::root().join("target/debug/rag-admin-server"));
    server
        .env("HOST", "127.0.0.1")
        .env("PORT", "8080")
        .env("DATA_DIR", workspace::root().join("data"))
        .env("DEMO_USER", "1")
        .env(
            "TRUSTED_ORIGINS",
            "http://127.0.0.1:3000,http://localhost:3000",
        );
    let mut trunk = tools.command("trunk", Profile::Application)?;
    trunk.arg("serve").env_remove("NO_COLOR");
    if tools.offline {
        trunk.arg("--offline");
    }
    eprintln!(
        "\nRAG Admin: http://127.0.0.1:3000/ (demo@example.com, correct horse battery staple)\n"
    );
    let server = Running::start("the server", &mut server)?;
    let trunk = Running::start("trunk", &mut trunk)?;
    // Ctrl-C reaches both, since they are in this process's group.
    first_to_end(server, trunk)
}

/// A child that is stopped when it is dropped.
struct Running(&'static str, Child);

impl Running {
    fn start(name: &'static str, command: &mut Command) -> Result<Self> {
        let child = command
            .stdin(Stdio::null())
            .spawn()
            .with_context(|| format!("starting {name}"))?;
        Ok(Self(name, child))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.1.kill();
        let _ = self.1.wait();
    }
}

fn first_to_end(mut server: Running, mut trunk: Running) -> Result<()> {
    loop {
        for running in [&mut server, &mut trunk] {
            if let Some(status) = running.1.try_wait()? {
                bail!("{} has ended ({status})", running.0);
            }
        }
        step::wait(std::time::Duration::from_millis(200));
    }
}
