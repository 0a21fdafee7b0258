//! Installs what is missing: each part finds what is there, else the first way that works, else says what to install.

mod apt;
mod browser;
mod postgres;
mod tools;
mod wasm;

pub(crate) use browser::Browser;
pub(crate) use postgres::Postgres;
pub(crate) use wasm::{Profile, WasmToolchain};

use crate::{step, workspace};
use anyhow::{Context as _, Result};
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

/// What builds the pages: a compiler with a WebAssembly standard library, trunk, wasm-bindgen and wasm-opt.
#[derive(Debug)]
pub(crate) struct PageTools {
    pub(crate) wasm: WasmToolchain,
    path: Vec<PathBuf>,
    /// Trunk must not download anything: all that it needs is there.
    pub(crate) offline: bool,
}

impl PageTools {
    /// Finds the tools, installing those that are missing.
    pub(crate) fn ensure() -> Result<Self> {
        let wasm = WasmToolchain::ensure()?;
        let mut path = vec![tools::trunk()?, tools::wasm_bindgen()?];
        let wasm_opt = tools::wasm_opt()?;
        let offline = wasm_opt.is_some();
        path.extend(wasm_opt);
        Ok(Self {
            wasm,
            path,
            offline,
        })
    }

    /// `program` in the environment that builds WebAssembly.
    pub(crate) fn command(&self, program: &str, profile: Profile) -> Result<Command> {
        let mut command = Command::new(program);
        self.prepare(&mut command, profile)?;
        Ok(command)
    }

    /// Gives `command` the environment that builds WebAssembly.
    pub(crate) fn prepare(&self, command: &mut Command, profile: Profile) -> Result<()> {
        let mut path: Vec<PathBuf> = self.wasm.path();
        path.extend(self.path.iter().cloned());
        path.extend(std::env::split_paths(
            &std::env::var_os("PATH").unwrap_or_default(),
        ));
        let joined: OsString = std::env::join_paths(path)?;
        command
            .current_dir(workspace::root())
            .env("PATH", joined)
            .env("CARGO_TARGET_DIR", workspace::wasm_target_dir());
        self.wasm.prepare(command, profile);
        Ok(())
    }
}

/// Everything that `cargo xtask test` needs.
pub(crate) fn everything() -> Result<(PageTools, Browser, Postgres)> {
    Ok((
        PageTools::ensure()?,
        Browser::ensure()?,
        Postgres::ensure()?,
    ))
}

/// What `find` finds, if need be after `packages` have been installed.
fn present<T>(what: &str, find: fn() -> Option<T>, packages: &[&str]) -> Result<T> {
    if let Some(found) = find() {
        step::already(&format!("{what} is there"));
        return Ok(found);
    }
    apt::install(what, packages)?;
    find().with_context(|| format!("{} installed, but not on PATH", packages.join(" and ")))
}

/// The folder of `program` if it is on PATH and `--version` prints the wanted version.
fn on_path(program: &str, version: &str) -> Option<PathBuf> {
    let printed = step::output(program, &["--version"])?;
    if !printed.split_whitespace().any(|word| word == version) {
        return None;
    }
    find(program)?.parent().map(PathBuf::from)
}

/// `program` on PATH.
fn find(program: &str) -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?)
        .map(|dir| dir.join(program))
        .find(|path| path.is_file())
}
