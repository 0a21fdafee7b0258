//! Tells the crate which compiler builds it, for `process.runtime.*`.

use std::{env, process::Command};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=RUSTC");
    let compiler = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(compiler).arg("--version").output();
    let text = output.map(|it| String::from_utf8_lossy(&it.stdout).trim().to_owned());
    let text = text.unwrap_or_else(|_| "rustc unknown".to_owned());
    let version = text.split_whitespace().nth(1).unwrap_or("unknown");
    println!("cargo::rustc-env=THROUGHLINE_RUSTC_VERSION={version}");
    println!("cargo::rustc-env=THROUGHLINE_RUSTC={text}");
}
