//! `cargo xtask test`: everything that CI runs.

use super::e2e::e2e;
use crate::setup::{self, Browser, PageTools, Profile};
use crate::{step, workspace};
use anyhow::Result;
use std::process::Command;

/// Crates that run in the browser only.
const PAGES: [&str; 3] = ["rag-admin-web", "throughline-viewer", "throughline-lab"];
const BROWSER_CLIENT: &str = "throughline-browser";

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
    let pages = PAGES.iter().flat_map(|page| ["--exclude", page]);
    let mut clippy = command(&["clippy", "--workspace", "--all-targets"]);
    clippy.args(pages.clone()).args(["--", "-D", "warnings"]);
    step::loud("lints", &mut clippy)?;
    let mut doc = command(&["doc", "--workspace", "--no-deps"]);
    doc.args(pages).env("RUSTDOCFLAGS", "-D warnings");
    step::loud("documentation", &mut doc)
}

fn wasm_lints(tools: &PageTools) -> Result<()> {
    let mut clippy = wasm_cargo(tools, Profile::Application, "clippy")?;
    clippy.args(
        PAGES
            .iter()
            .chain([&BROWSER_CLIENT])
            .flat_map(|package| ["-p", package]),
    );
    clippy.args(["--", "-D", "warnings"]);
    step::loud("lints (WASM)", &mut clippy)
}

fn host_tests() -> Result<()> {
    let mut tests = command(&["test", "--workspace", "--exclude", "throughline-e2e"]);
    tests.args(["--exclude", "rag-admin-web", "--exclude", "throughline-lab"]);
    step::loud("host tests", &mut tests)
}

fn wasm_tests(tools: &PageTools, browser: &Browser) -> Result<()> {
    let mut tests = wasm_cargo(tools, Profile::Test, "test")?;
    tests.args(["-p", BROWSER_CLIENT, "--tests"]);
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
