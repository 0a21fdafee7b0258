//! Chromium with ChromeDriver, and Firefox, for the tests.

use super::{find, present};
use anyhow::Result;
use std::path::PathBuf;
use std::process::Command;

/// What the tests drive: a Chromium with its ChromeDriver, and a Firefox, which needs none.
#[derive(Debug)]
pub(crate) struct Browser {
    chromium: PathBuf,
    chromedriver: PathBuf,
    firefox: PathBuf,
}

impl Browser {
    /// `CHROMIUM`, `CHROMEDRIVER` and `FIREFOX`, else those on PATH, else Debian's packages.
    pub(crate) fn ensure() -> Result<Self> {
        let (chromium, chromedriver) = present(
            "Chromium with ChromeDriver",
            chromium,
            &["chromium", "chromium-driver"],
        )?;
        let firefox = present("Firefox", firefox, &["firefox-esr"])?;
        Ok(Self {
            chromium,
            chromedriver,
            firefox,
        })
    }

    /// Tells `command` where they are.
    pub(crate) fn prepare(&self, command: &mut Command) {
        command
            .env("CHROMIUM", &self.chromium)
            .env("CHROMEDRIVER", &self.chromedriver)
            .env("FIREFOX", &self.firefox);
    }
}

fn chromium() -> Option<(PathBuf, PathBuf)> {
    let chromium = named(
        "CHROMIUM",
        &["chromium", "chromium-browser", "google-chrome"],
    )?;
    Some((chromium, named("CHROMEDRIVER", &["chromedriver"])?))
}

fn firefox() -> Option<PathBuf> {
    named("FIREFOX", &["firefox-esr", "firefox"])
}

/// What `variable` names, else the first of `programs` on PATH.
fn named(variable: &str, programs: &[&str]) -> Option<PathBuf> {
    std::env::var_os(variable)
        .map(PathBuf::from)
        .or_else(|| programs.iter().find_map(|program| find(program)))
}
