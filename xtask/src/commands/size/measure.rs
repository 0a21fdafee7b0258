//! One build of `examples/minimal`, as it would be served.

use crate::setup::{PageTools, Profile};
use crate::{step, workspace};
use anyhow::{Context as _, Result, ensure};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

const PACKAGE: &str = "throughline-example-minimal";
const CLIENT: &str = "throughline-browser";

/// Bytes of what the page loads: the WebAssembly module and its JavaScript glue, each compressed by itself.
#[derive(Debug, Default)]
pub(super) struct Size {
    pub(super) raw: usize,
    pub(super) gzip: usize,
    pub(super) brotli: usize,
}

/// What the compiler for WebAssembly calls itself.
pub(super) fn compiler(tools: &PageTools) -> Result<String> {
    let mut rustc = tools.command("rustc", Profile::Application)?;
    let output = rustc.arg("-V").output().context("rustc -V")?;
    ensure!(output.status.success(), "rustc -V failed");
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

/// The names of the client's features.
pub(super) fn features() -> Result<Vec<String>> {
    let output = Command::new("cargo")
        .current_dir(workspace::root())
        .args(["metadata", "--no-deps", "--format-version=1"])
        .output()
        .context("cargo metadata")?;
    let metadata: Value = serde_json::from_slice(&output.stdout).context("cargo metadata")?;
    let packages = metadata["packages"].as_array().context("no packages")?;
    let client = packages.iter().find(|it| it["name"] == CLIENT);
    let features = client.and_then(|it| it["features"].as_object());
    let names = features.context("the client has no features")?.keys();
    Ok(names.filter(|it| *it != "default").cloned().collect())
}

/// Builds the page with these features of the client, or without the client.
pub(super) fn measure(tools: &PageTools, name: &str, client: Option<&[String]>) -> Result<Size> {
    let mut features = Vec::new();
    if let Some(client) = client {
        features.push("telemetry".to_owned());
        features.extend(client.iter().map(|it| format!("{CLIENT}/{it}")));
    }
    let mut cargo = tools.command("cargo", Profile::Application)?;
    cargo
        .args(["build", "-p", PACKAGE, "--profile", "wasm"])
        .args(["--target", "wasm32-unknown-unknown"])
        .args(["--no-default-features", "--features", &features.join(",")]);
    step::quiet(&format!("build {name}"), &mut cargo)?;

    let folder = tempfile::tempdir()?;
    let built = format!("wasm32-unknown-unknown/wasm/{PACKAGE}.wasm");
    let mut bindgen = tools.command("wasm-bindgen", Profile::Application)?;
    bindgen
        .args(["--target", "web", "--no-typescript", "--out-dir"])
        .arg(folder.path())
        .arg(workspace::wasm_target_dir().join(built));
    run(&mut bindgen)?;
    let (wasm, glue) = (
        folder.path().join(format!("{PACKAGE}_bg.wasm")),
        folder.path().join(format!("{PACKAGE}.js")),
    );
    let mut opt = tools.command("wasm-opt", Profile::Application)?;
    run(opt.arg("-Oz").arg(&wasm).arg("-o").arg(&wasm))
        .context("wasm-opt is installed by npm (package binaryen)")?;
    let mut size = Size::default();
    size.add(&wasm)?;
    size.add(&glue)?;
    Ok(size)
}

fn run(command: &mut Command) -> Result<()> {
    let output = command.output().context("cannot start")?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?} failed\n{errors}");
    Ok(())
}

// === impl Size ===

impl Size {
    fn add(&mut self, file: &Path) -> Result<()> {
        let bytes = std::fs::read(file).with_context(|| format!("reading {}", file.display()))?;
        self.raw += bytes.len();
        self.gzip += gzip(&bytes)?.len();
        self.brotli += brotli(&bytes)?.len();
        Ok(())
    }
}

fn gzip(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}

/// As a file is compressed that is served many times: the highest quality, the largest window of all browsers.
fn brotli(bytes: &[u8]) -> Result<Vec<u8>> {
    let (quality, window) = (11, 22);
    let mut encoder =
        brotli::CompressorWriter::new(Vec::new(), bytes.len().max(1), quality, window);
    encoder.write_all(bytes)?;
    Ok(encoder.into_inner())
}
