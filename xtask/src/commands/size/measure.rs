//! One build of `examples/minimal`, as it would be served.

use crate::build::{Features, Module, Optimize};
use crate::setup::{PageTools, Profile};
use crate::workspace;
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
    let page = Module {
        package: PACKAGE,
        file: PACKAGE,
        features: Features::Only(&features),
        optimize: Optimize::Size,
    };
    let folder = tempfile::tempdir()?;
    page.build(name, tools, folder.path(), "page")?;
    let mut size = Size::default();
    size.add(&folder.path().join("page_bg.wasm"))?;
    size.add(&folder.path().join("page.js"))?;
    Ok(size)
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
