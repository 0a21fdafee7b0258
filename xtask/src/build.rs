//! Builds the pages and the server.

use crate::setup::{PageTools, Profile};
use crate::{step, workspace};
use anyhow::{Context as _, Result, ensure};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A page that trunk builds into `dist/NAME`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Page {
    title: &'static str,
    name: &'static str,
    config: &'static str,
}

/// RAG Admin.
pub(crate) const APP: Page = Page {
    title: "the RAG Admin page",
    name: "app",
    config: "Trunk.toml",
};
/// The trace viewer.
pub(crate) const VIEWER: Page = Page {
    title: "the trace viewer",
    name: "viewer",
    config: "frontend/viewer/Trunk.toml",
};
/// The page on which the end-to-end tests try the rules of context.
pub(crate) const LAB: Page = Page {
    title: "the lab page",
    name: "lab",
    config: "e2e/lab/Trunk.toml",
};

impl Page {
    /// Builds the page in release mode, unless it was built from the same sources.
    pub(crate) fn build(self, tools: &PageTools) -> Result<()> {
        let dist = workspace::root().join("dist").join(self.name);
        let stamp = workspace::root()
            .join("target")
            .join(format!("page-{}.stamp", self.name));
        let sources = fingerprint()?;
        if dist.join("index.html").exists()
            && std::fs::read_to_string(&stamp).is_ok_and(|built| built == sources)
        {
            step::already(&format!("{} is up to date", self.title));
            return Ok(());
        }
        let mut trunk = tools.command("trunk", Profile::Application)?;
        trunk
            .args(["build", "--release", "--config", self.config, "--dist"])
            .arg(&dist);
        if tools.offline {
            trunk.arg("--offline");
        }
        // Trunk reads NO_COLOR as a boolean, and stops when it is `1`.
        trunk.env_remove("NO_COLOR");
        step::quiet(&format!("build {}", self.title), &mut trunk)?;
        std::fs::write(&stamp, sources).with_context(|| format!("writing {}", stamp.display()))
    }
}

/// A crate that becomes a WebAssembly module and its JavaScript glue, without trunk.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Module<'a> {
    pub(crate) package: &'a str,
    /// What cargo calls the module, without its extension.
    pub(crate) file: &'a str,
    pub(crate) features: Features<'a>,
    pub(crate) optimize: Optimize,
}

/// The features that a crate is built with.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Features<'a> {
    Default,
    Only(&'a [String]),
}

/// What the compiler aims at.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Optimize {
    /// As pages are shipped.
    Size,
    Speed,
}

impl Optimize {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Size => "size",
            Self::Speed => "speed",
        }
    }
}

impl Module<'_> {
    /// Builds it as pages are built, into `NAME.js` and `NAME_bg.wasm` in `folder`.
    pub(crate) fn build(
        self,
        title: &str,
        tools: &PageTools,
        folder: &Path,
        name: &str,
    ) -> Result<()> {
        let mut cargo = tools.command("cargo", Profile::Application)?;
        cargo
            .args(["build", "-p", self.package, "--profile", "wasm"])
            .args(["--target", "wasm32-unknown-unknown"]);
        if let Features::Only(features) = self.features {
            cargo.args(["--no-default-features", "--features", &features.join(",")]);
        }
        if let Optimize::Speed = self.optimize {
            cargo.env("CARGO_PROFILE_WASM_OPT_LEVEL", "3");
        }
        step::quiet(&format!("build {title}"), &mut cargo)?;

        let built = format!("wasm32-unknown-unknown/wasm/{}.wasm", self.file);
        let mut bindgen = tools.command("wasm-bindgen", Profile::Application)?;
        bindgen
            .args(["--target", "web", "--no-typescript", "--out-name", name])
            .arg("--out-dir")
            .arg(folder)
            .arg(workspace::wasm_target_dir().join(built));
        run(&mut bindgen)?;
        let module = folder.join(format!("{name}_bg.wasm"));
        let mut opt = tools.command("wasm-opt", Profile::Application)?;
        // Compressed it is as small as with `-Oz`, and it runs a little faster.
        run(opt.arg("-O3").arg(&module).arg("-o").arg(&module))
            .context("wasm-opt is installed by npm (package binaryen)")
    }
}

/// Runs what takes a moment and says nothing.
fn run(command: &mut Command) -> Result<()> {
    let output = command.output().context("cannot start")?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?} failed\n{errors}");
    Ok(())
}

/// Builds RAG Admin's server with both pages in it, and returns its path.
pub(crate) fn server() -> Result<PathBuf> {
    let mut cargo = Command::new("cargo");
    cargo
        .current_dir(workspace::root())
        .args(["build", "--release", "-p", "rag-admin-server"]);
    step::quiet("build the server", &mut cargo)?;
    Ok(workspace::root().join("target/release/rag-admin-server"))
}

/// A fingerprint of everything that pages are built from.
fn fingerprint() -> Result<String> {
    let root = workspace::root();
    let mut hasher = DefaultHasher::new();
    let mut pending: Vec<PathBuf> = [
        "shared",
        "frontend",
        "e2e/lab",
        "Trunk.toml",
        "Cargo.toml",
        "Cargo.lock",
    ]
    .iter()
    .map(|name| root.join(name))
    .collect();
    while let Some(path) = pending.pop() {
        if path.is_dir() {
            let mut entries = children(&path)?;
            entries.sort();
            pending.extend(entries);
        } else if path.exists() {
            path.strip_prefix(&root)?.hash(&mut hasher);
            std::fs::read(&path)?.hash(&mut hasher);
        }
    }
    Ok(format!("{:016x}", hasher.finish()))
}

fn children(dir: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(dir).with_context(|| format!("reading {}", dir.display()))?;
    entries.map(|entry| Ok(entry?.path())).collect()
}
