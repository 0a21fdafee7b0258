//! `cargo xtask e2e`: the real thing in headless Chromium.

use crate::setup::{Browser, PageTools, Profile};
use crate::{build, step, workspace};
use anyhow::Result;
use std::fmt::Write as _;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;

/// The tests that read what all others have recorded.
const CONVENTIONS: &str = "conventions::";

pub(crate) fn main(mut args: lexopt::Parser) -> Result<()> {
    use lexopt::prelude::*;
    let mut filter = None;
    while let Some(arg) = args.next()? {
        match arg {
            Value(name) if filter.is_none() => filter = Some(name.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    let (tools, browser) = (PageTools::ensure()?, Browser::ensure()?);
    e2e(&tools, &browser, filter.as_deref())
}

/// Builds what the tests drive, and runs them.
pub(crate) fn e2e(tools: &PageTools, browser: &Browser, filter: Option<&str>) -> Result<()> {
    for page in [build::VIEWER, build::APP, build::LAB] {
        page.build(tools)?;
    }
    let (server, trunk) = (build::server()?, trunk_script(tools)?);
    let telemetry = workspace::root().join("target/e2e-telemetry.ndjson");
    // It is appended to.
    std::fs::write(&telemetry, "")?;
    let tests = |arguments: &[&str]| {
        let mut cargo = Command::new("cargo");
        cargo
            .current_dir(workspace::root())
            .args(["test", "-p", "throughline-e2e", "--test", "e2e", "--"])
            .args(arguments)
            .env("RAG_ADMIN_SERVER", &server)
            .env("TRUNK", &trunk)
            .env("E2E_TELEMETRY", &telemetry);
        browser.prepare(&mut cargo);
        cargo
    };
    // One browser and one server at a time: the tests measure what a person would see.
    let mut arguments = vec!["--test-threads=1", "--skip", CONVENTIONS];
    arguments.extend(filter);
    step::loud("e2e tests in Chromium", &mut tests(&arguments))?;
    let mut conventions = tests(&[CONVENTIONS, "--nocapture"]);
    step::loud(
        "what they have told, against docs/semconv.md",
        &mut conventions,
    )?;
    if filter.is_some() {
        return Ok(());
    }
    let mut examples = Command::new("cargo");
    examples
        .current_dir(workspace::root())
        .args(["test", "-p", "throughline-e2e", "--doc"]);
    step::loud("the examples of README and docs", &mut examples)
}

/// A script that runs trunk in the environment that builds WebAssembly, which is not that of the tests.
fn trunk_script(tools: &PageTools) -> Result<PathBuf> {
    let mut trunk = tools.command("trunk", Profile::Application)?;
    if tools.offline {
        trunk.env("TRUNK_OFFLINE", "true");
    }
    trunk.env_remove("NO_COLOR");
    let mut script = "#!/bin/sh\n".to_owned();
    for (name, value) in trunk.get_envs() {
        let name = name.to_string_lossy();
        match value {
            Some(value) => {
                let value = value.to_string_lossy().replace('\'', r"'\''");
                writeln!(script, "export {name}='{value}'")?;
            }
            None => writeln!(script, "unset {name}")?,
        }
    }
    script.push_str("exec trunk \"$@\"\n");
    let path = workspace::root().join("target").join("trunk.sh");
    std::fs::write(&path, script)?;
    std::fs::set_permissions(&path, Permissions::from_mode(0o755))?;
    Ok(path)
}
