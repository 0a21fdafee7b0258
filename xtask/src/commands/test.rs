//! `cargo xtask test`: everything that CI runs.

use super::e2e::e2e;
use crate::setup::{self, Browser, PageTools, Profile, WasmToolchain};
use crate::{step, workspace};
use anyhow::Result;
use std::process::Command;

/// Crates that run in the browser.
const WASM: [&str; 4] = [
    "throughline-browser",
    "throughline-viewer",
    "rag-admin-web",
    "throughline-lab",
];

pub(crate) fn main(mut args: lexopt::Parser) -> Result<()> {
    super::no_more(&mut args)?;
    let (tools, browser) = setup::everything()?;
    step::loud("format", &mut command(&["fmt", "--all", "--check"]))?;
    host_lints()?;
    wasm_lints(&tools)?;
    host_tests()?;
    wasm_tests(&tools, &browser)?;
    e2e(&tools, &browser, None)
}

fn host_lints() -> Result<()> {
    let mut clippy = command(&[
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ]);
    step::loud("lints", &mut clippy)?;
    let mut doc = command(&["doc", "--workspace", "--no-deps"]);
    doc.env("RUSTDOCFLAGS", "-D warnings");
    step::loud("documentation", &mut doc)
}

/// What is compiled for WebAssembly only. Debian's compiler comes without clippy: its warnings must do there.
fn wasm_lints(tools: &PageTools) -> Result<()> {
    let mut lints = match tools.wasm {
        WasmToolchain::Active => wasm_cargo(tools, Profile::Application, "clippy")?,
        WasmToolchain::Debian => wasm_cargo(tools, Profile::Application, "check")?,
    };
    lints.args(WASM.iter().flat_map(|package| ["-p", package]));
    match tools.wasm {
        WasmToolchain::Active => lints.args(["--", "-D", "warnings"]),
        WasmToolchain::Debian => lints
            .env("CARGO_BUILD_WARNINGS", "deny")
            .env("CARGO_UNSTABLE_WARNINGS", "true"),
    };
    step::loud("lints (WASM)", &mut lints)
}

fn host_tests() -> Result<()> {
    let mut tests = command(&["test", "--workspace", "--exclude", "throughline-e2e"]);
    step::loud("host tests", &mut tests)
}

fn wasm_tests(tools: &PageTools, browser: &Browser) -> Result<()> {
    let mut tests = wasm_cargo(tools, Profile::Test, "test")?;
    tests.args(["-p", "throughline-browser", "--lib", "--tests"]);
    tests.env(
        "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER",
        "wasm-bindgen-test-runner",
    );
    browser.prepare(&mut tests);
    step::loud("WASM tests in Chromium", &mut tests)
}

fn command(args: &[&str]) -> Command {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(workspace::root()).args(args);
    cargo
}

fn wasm_cargo(tools: &PageTools, profile: Profile, subcommand: &str) -> Result<Command> {
    let mut cargo = tools.command("cargo", profile)?;
    cargo.args([subcommand, "--target", "wasm32-unknown-unknown"]);
    Ok(cargo)
}
