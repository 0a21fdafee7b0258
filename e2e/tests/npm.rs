//! Packages of npm, which are installed once.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

/// The folder with what a `package.json` asks for.
pub(crate) fn installed(name: &str, package: &str) -> Result<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join("package.json"), package)?;
    let mut npm = Command::new("npm");
    npm.args(["install", "--no-audit", "--no-fund", "--prefer-offline"]);
    let done = npm.current_dir(&folder).stdin(Stdio::null()).output();
    let done = done.context("npm is needed (Debian: nodejs, npm)")?;
    let said = String::from_utf8_lossy(&done.stderr);
    ensure!(done.status.success(), "{said}");
    Ok(folder)
}
