//! `cargo xtask bench browser`: the browser client beside OpenTelemetry's JavaScript SDK, in Chromium. `bench outage`:
//! requests to a server that exports to a sick receiver.

use crate::build::{Features, Module, Optimize};
use crate::setup::{Browser, PageTools};
use crate::{step, workspace};
use anyhow::{Context as _, Result, bail};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the page is made of, beside the client.
const PAGE: &str = "e2e/bench/page";

pub(crate) fn main(mut args: lexopt::Parser) -> Result<()> {
    use lexopt::prelude::*;
    match args.next()? {
        Some(Value(what)) if what == "browser" => {}
        Some(Value(what)) if what == "outage" => return outage(args),
        _ => bail!("bench what? `cargo xtask bench browser`, `cargo xtask bench outage`"),
    }
    super::no_more(&mut args)?;
    let (tools, browser) = (PageTools::ensure()?, Browser::ensure()?);
    let packages = npm_packages()?;
    // What a user ships is small. Where that is too slow, it helps to know what the size is traded for.
    let shipped = run(&tools, &browser, &packages, Optimize::Size);
    if shipped.is_err() {
        println!("for comparison, with opt-level 3:");
        let _ = run(&tools, &browser, &packages, Optimize::Speed);
    }
    shipped
}

/// What a sick receiver of OTLP costs the requests of the server that exports to it.
fn outage(mut args: lexopt::Parser) -> Result<()> {
    super::no_more(&mut args)?;
    let mut cargo = Command::new("cargo");
    cargo.current_dir(workspace::root());
    cargo.args(["bench", "-p", "throughline-instrument", "--bench", "outage"]);
    step::loud("benchmark outages", &mut cargo)
}

/// Builds the page and runs it.
fn run(tools: &PageTools, browser: &Browser, packages: &Path, optimize: Optimize) -> Result<()> {
    let folder = workspace::root().join("target/bench").join(optimize.name());
    std::fs::create_dir_all(&folder)?;
    let module = Module {
        package: "throughline-bench",
        file: "throughline_bench",
        features: Features::Default,
        optimize,
    };
    let title = format!("the benchmark page for {}", optimize.name());
    module.build(&title, tools, &folder, "client")?;

    let page = workspace::root().join(PAGE);
    let mut esbuild = Command::new(packages.join(".bin/esbuild"));
    esbuild
        .arg(page.join("bench.js"))
        .args(["--bundle", "--minify", "--format=esm", "--platform=browser"])
        .args(["--external:./client.js", "--log-level=warning"])
        .arg(format!("--outfile={}", folder.join("bench.js").display()))
        .env("NODE_PATH", packages);
    step::quiet("bundle the page's JavaScript", &mut esbuild)?;
    std::fs::copy(page.join("index.html"), folder.join("index.html"))?;

    let mut cargo = Command::new("cargo");
    cargo
        .current_dir(workspace::root())
        .args([
            "run",
            "-p",
            "throughline-e2e",
            "--bin",
            "bench-browser",
            "--",
        ])
        .arg(&folder);
    browser.prepare(&mut cargo);
    step::loud("benchmark in Chromium", &mut cargo)
}

/// `node_modules` with what the page's `package.json` names, in the cache folder: one folder for each content of the file.
fn npm_packages() -> Result<PathBuf> {
    let manifest = workspace::root().join(PAGE).join("package.json");
    let text = std::fs::read_to_string(&manifest)?;
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    let folder = workspace::tools_dir()?.join(format!("bench-{:016x}", hasher.finish()));
    let packages = folder.join("node_modules");
    if packages.join(".bin/esbuild").exists() {
        step::already("OpenTelemetry's JavaScript SDK and esbuild are there");
        return Ok(packages);
    }
    std::fs::create_dir_all(&folder)?;
    std::fs::copy(&manifest, folder.join("package.json"))
        .with_context(|| format!("copying {}", manifest.display()))?;
    let mut npm = Command::new("npm");
    npm.current_dir(&folder)
        .args(["install", "--no-audit", "--no-fund", "--prefix", "."]);
    step::quiet(
        "npm install OpenTelemetry's JavaScript SDK and esbuild",
        &mut npm,
    )?;
    Ok(packages)
}
