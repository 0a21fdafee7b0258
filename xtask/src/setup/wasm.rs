//! A compiler with a standard library for wasm32-unknown-unknown.

use super::{apt, find};
use crate::{step, workspace};
use anyhow::{Context as _, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

const TARGET: &str = "wasm32-unknown-unknown";
/// rustc with the sources of its library, and the linker.
const DEBIAN_PACKAGES: [&str; 4] = ["rustc-web", "cargo-web", "rust-web-src", "lld-22"];
const DEBIAN_LIBRARY: &str = "/usr/lib/rustlib/src/rust/library/std";
const DEBIAN_LINKER: &str = "/usr/bin/wasm-ld-22";

/// Which parts of the standard library are needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Profile {
    /// An application.
    Application,
    /// The test harness too.
    Test,
}

/// How WebAssembly is compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WasmToolchain {
    /// The active toolchain has the target.
    Active,
    /// Debian's compiler builds the standard library from source.
    Debian,
}

impl WasmToolchain {
    /// The active toolchain; else rustup, unless it is told to install nothing; else Debian's packages.
    pub(crate) fn ensure() -> Result<Self> {
        if active_has_target() {
            step::already(&format!("the standard library for {TARGET} is there"));
            return Ok(Self::Active);
        }
        let rustup_may = std::env::var("RUSTUP_AUTO_INSTALL").as_deref() != Ok("0");
        if rustup_may && find("rustup").is_some() {
            let mut rustup = Command::new("rustup");
            rustup
                .current_dir(workspace::root())
                .args(["target", "add", TARGET]);
            match step::quiet(&format!("rustup target add {TARGET}"), &mut rustup) {
                Ok(()) if active_has_target() => return Ok(Self::Active),
                Ok(()) => {}
                Err(error) => eprintln!("{error:#}"),
            }
        }
        if debian_is_there() {
            step::already(&format!("Debian's compiler for {TARGET} is there"));
            return Ok(Self::Debian);
        }
        if find("apt-get").is_none() {
            bail!(
                "the Rust standard library for {TARGET} is missing.\n  Install it: rustup target add {TARGET}\n  \
                 Debian: apt-get install --no-install-recommends {}",
                DEBIAN_PACKAGES.join(" ")
            );
        }
        apt::install(
            &format!("the Rust standard library for {TARGET}"),
            &DEBIAN_PACKAGES,
        )?;
        if !debian_is_there() {
            bail!(
                "{} are installed, but not in /usr",
                DEBIAN_PACKAGES.join(" ")
            );
        }
        Ok(Self::Debian)
    }

    /// Folders that come first on PATH.
    pub(crate) fn path(self) -> Vec<PathBuf> {
        match self {
            Self::Active => Vec::new(),
            Self::Debian => vec![PathBuf::from("/usr/bin")],
        }
    }

    /// Sets what a cargo (or a program that calls it) needs in its environment.
    pub(crate) fn prepare(self, command: &mut Command, profile: Profile) {
        if self == Self::Active {
            return;
        }
        let library = match profile {
            Profile::Application => "std,panic_abort",
            Profile::Test => "std,panic_abort,test",
        };
        command
            .env("RUSTC_BOOTSTRAP", "1")
            .env("CARGO_UNSTABLE_BUILD_STD", library)
            .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", DEBIAN_LINKER);
        // `cargo xtask` runs under another toolchain, which leaves these behind.
        for variable in [
            "CARGO",
            "RUSTC",
            "RUSTDOC",
            "RUSTUP_TOOLCHAIN",
            "LD_LIBRARY_PATH",
        ] {
            command.env_remove(variable);
        }
    }
}

fn active_has_target() -> bool {
    let mut rustc = Command::new("rustc");
    rustc
        .current_dir(workspace::root())
        .args(["--print", "target-libdir", "--target", TARGET]);
    let libdir = rustc
        .output()
        .context("rustc")
        .ok()
        .filter(|output| output.status.success());
    libdir.is_some_and(|output| Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir())
}

fn debian_is_there() -> bool {
    let programs = ["/usr/bin/rustc", "/usr/bin/cargo", DEBIAN_LINKER];
    Path::new(DEBIAN_LIBRARY).is_dir() && programs.iter().all(|program| Path::new(program).exists())
}
