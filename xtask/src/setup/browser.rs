//! Chromium and ChromeDriver, for the tests.

use super::{apt, find};
use crate::step;
use anyhow::{Context as _, Result};
use std::path::PathBuf;
use std::process::Command;

/// A Chromium and the ChromeDriver that drives it.
#[derive(Debug)]
pub(crate) struct Browser {
    chromium: PathBuf,
    chromedriver: PathBuf,
}

impl Browser {
    /// `CHROMIUM` and `CHROMEDRIVER`, else those on PATH, else Debian's packages.
    pub(crate) fn ensure() -> Result<Self> {
        if let Some(browser) = Self::find() {
            step::already("Chromium and ChromeDriver are there");
            return Ok(browser);
        }
        apt::install("Chromium or ChromeDriver", &["chromium", "chromium-driver"])?;
        Self::find().context("chromium and chromium-driver are installed, but not on PATH")
    }

    fn find() -> Option<Self> {
        let named = |variable, programs: &[&str]| {
            std::env::var_os(variable)
                .map(PathBuf::from)
                .or_else(|| programs.iter().find_map(|program| find(program)))
        };
        Some(Self {
            chromium: named(
                "CHROMIUM",
                &["chromium", "chromium-browser", "google-chrome"],
            )?,
            chromedriver: named("CHROMEDRIVER", &["chromedriver"])?,
        })
    }

    /// Tells `command` where they are.
    pub(crate) fn prepare(&self, command: &mut Command) {
        command
            .env("CHROMIUM", &self.chromium)
            .env("CHROMEDRIVER", &self.chromedriver);
    }
}
