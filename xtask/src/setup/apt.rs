//! Debian's packages.

use super::find;
use crate::step;
use anyhow::{Result, bail};
use std::process::Command;

/// Installs `packages` with apt. When that cannot be done, the error names `what`, the packages and the command.
pub(crate) fn install(what: &str, packages: &[&str]) -> Result<()> {
    let by_hand = format!(
        "apt-get install --no-install-recommends {}",
        packages.join(" ")
    );
    if find("apt-get").is_none() {
        bail!("{what} is missing, and this is not a Debian system.\n  Debian: {by_hand}");
    }
    if step::output("id", &["-u"]).as_deref() != Some("0") {
        bail!("{what} is missing.\n  Install it: sudo {by_hand}");
    }
    let install = || {
        let mut command = Command::new("apt-get");
        command
            .env("DEBIAN_FRONTEND", "noninteractive")
            .args(["install", "--yes", "--no-install-recommends"])
            .args(packages);
        step::quiet(
            &format!("apt-get install {}", packages.join(" ")),
            &mut command,
        )
    };
    // The lists of packages may be missing or old. They are fetched only then, for it takes a while.
    install().or_else(|_| {
        step::quiet("apt-get update", Command::new("apt-get").arg("update"))?;
        install()
    })
}
