//! `cargo xtask test`: everything that CI runs.

use super::e2e::e2e;
use crate::setup::{self, Browser, PageTools, Postgres, Profile, WasmToolchain};
use crate::{step, workspace};
use anyhow::Result;
use std::process::Command;

/// The browser client.
const CLIENT: &str = "throughline-browser";
/// Crates that run in the browser.
const WASM: [&str; 4] = [
    CLIENT,
    "throughline-viewer",
    "rag-admin-web",
    "throughline-lab",
];

/// What the client's tests are run with: everything but `gzip`, since they read what it sends. `gzip` has a test of its own.
const CLIENT_FEATURES: &str = "baggage,clock-offset,config,errors,logs,long-animation-frames,metrics,navigation,offline,\
    propagator,resource-timing,resources,tracing,web-vitals,xhr";

pub(crate) fn main(mut args: lexopt::Parser) -> Result<()> {
    super::no_more(&mut args)?;
    let (tools, browser, postgres) = setup::everything()?;
    step::loud("format", &mut command(&["fmt", "--all", "--check"]))?;
    host_lints()?;
    wasm_lints(&tools)?;
    host_tests(&postgres)?;
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
    let mut client = command(&["clippy", "-p", CLIENT, "--all-targets", "--all-features"]);
    client.args(["--", "-D", "warnings"]);
    step::loud("lints of the client with all features", &mut client)?;
    let mut doc = command(&["doc", "--workspace", "--no-deps"]);
    doc.env("RUSTDOCFLAGS", "-D warnings");
    step::loud("documentation", &mut doc)
}

/// What is compiled for WebAssembly only. Debian's compiler comes without clippy: its warnings must do there.
fn wasm_lints(tools: &PageTools) -> Result<()> {
    let packages = WASM.iter().flat_map(|package| ["-p", package]);
    let mut pages = wasm_lint(tools)?;
    pages.args(packages);
    step::loud("lints (WASM)", deny_warnings(&mut pages, tools))?;
    // Each part of the client is a feature: what is off must leave no trace.
    for features in [&["--no-default-features"][..], &["--all-features"][..]] {
        let mut client = wasm_lint(tools)?;
        client.args(["-p", CLIENT]).args(features);
        let title = format!("lints of the client (WASM, {})", features.concat());
        step::loud(&title, deny_warnings(&mut client, tools))?;
    }
    Ok(())
}

fn wasm_lint(tools: &PageTools) -> Result<Command> {
    let subcommand = match tools.wasm {
        WasmToolchain::Active => "clippy",
        WasmToolchain::Debian => "check",
    };
    wasm_cargo(tools, Profile::Application, subcommand)
}

fn deny_warnings<'a>(lints: &'a mut Command, tools: &PageTools) -> &'a mut Command {
    match tools.wasm {
        WasmToolchain::Active => lints.args(["--", "-D", "warnings"]),
        WasmToolchain::Debian => lints
            .env("CARGO_BUILD_WARNINGS", "deny")
            .env("CARGO_UNSTABLE_WARNINGS", "true"),
    }
}

fn host_tests(postgres: &Postgres) -> Result<()> {
    let mut tests = command(&["test", "--workspace", "--exclude", "throughline-e2e"]);
    postgres.prepare(&mut tests);
    step::loud("host tests", &mut tests)?;
    let mut client = command(&["test", "-p", CLIENT, "--all-features"]);
    step::loud("host tests of the client with all features", &mut client)
}

fn wasm_tests(tools: &PageTools, browser: &Browser) -> Result<()> {
    let all = ["--lib", "--tests", "--features", CLIENT_FEATURES];
    let compressed = ["--test", "gzip", "--features", "gzip"];
    for args in [all, compressed] {
        let mut tests = wasm_cargo(tools, Profile::Test, "test")?;
        tests.args(["-p", CLIENT]).args(args);
        tests.env(
            "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER",
            "wasm-bindgen-test-runner",
        );
        // Seconds, for all tests of a file. By default there are 20, and half of them go by on a slow machine.
        tests.env("WASM_BINDGEN_TEST_TIMEOUT", "120");
        browser.prepare(&mut tests);
        step::loud("WASM tests in Chromium", &mut tests)?;
    }
    Ok(())
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
