//! trunk, wasm-bindgen and wasm-opt: those on PATH when they have the right version, else our own, in the cache folder.

use super::{find, on_path};
use crate::{step, workspace};
use anyhow::{Context as _, Result};
use std::path::PathBuf;
use std::process::Command;

/// 0.22 needs a newer compiler than `rust-toolchain.toml` pins.
const TRUNK: &str = "0.21.14";
/// npm's version of wasm-opt.
const BINARYEN: &str = "132.0.0";

/// The folder with `trunk`.
pub(crate) fn trunk() -> Result<PathBuf> {
    from_crates_io("trunk", "trunk", TRUNK)
}

/// The folder with `wasm-bindgen`, of exactly the version of the library.
pub(crate) fn wasm_bindgen() -> Result<PathBuf> {
    from_crates_io(
        "wasm-bindgen-cli",
        "wasm-bindgen",
        &workspace::locked_version("wasm-bindgen")?,
    )
}

/// The folder with `wasm-opt`, or `None` when it must be trunk that fetches it.
pub(crate) fn wasm_opt() -> Result<Option<PathBuf>> {
    let bin = workspace::tools_dir()?
        .join(format!("binaryen-{BINARYEN}"))
        .join("node_modules/.bin");
    if bin.join("wasm-opt").exists() {
        step::already("wasm-opt is there");
        return Ok(Some(bin));
    }
    if find("npm").is_none() {
        step::already("wasm-opt: no npm to install it with, trunk will fetch it");
        return Ok(None);
    }
    let prefix = bin
        .parent()
        .and_then(|dir| dir.parent())
        .context("the tools folder")?;
    std::fs::create_dir_all(prefix)?;
    let mut npm = Command::new("npm");
    npm.current_dir(prefix)
        .args(["install", "--no-audit", "--no-fund", "--prefix", "."])
        .arg(format!("binaryen@{BINARYEN}"));
    step::quiet(
        &format!("npm install binaryen@{BINARYEN} (wasm-opt)"),
        &mut npm,
    )?;
    Ok(Some(bin))
}

fn from_crates_io(package: &str, program: &str, version: &str) -> Result<PathBuf> {
    if let Some(dir) = on_path(program, version) {
        step::already(&format!("{program} {version} is there"));
        return Ok(dir);
    }
    let prefix = workspace::tools_dir()?.join(format!("{package}-{version}"));
    let bin = prefix.join("bin");
    if bin.join(program).exists() {
        step::already(&format!("{program} {version} is there"));
        return Ok(bin);
    }
    let install = |locked: &[&str]| {
        let mut cargo = Command::new("cargo");
        cargo
            .current_dir(workspace::root())
            .args(["install", &format!("{package}@{version}"), "--root"])
            .arg(&prefix)
            .args(locked)
            // It is built once and works for milliseconds: spend less on optimising it.
            .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1")
            .env("CARGO_PROFILE_RELEASE_LTO", "off")
            .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
            .env_remove("CARGO_TARGET_DIR");
        step::quiet(
            &format!("cargo install {package}@{version} (takes minutes, once)"),
            &mut cargo,
        )
    };
    // The locked set is the tested one; where a registry no longer serves part of it, a newer set builds as well.
    install(&["--locked"]).or_else(|error| {
        eprintln!("{error:#}\nonce more, without --locked:");
        install(&[])
    })?;
    Ok(bin)
}
