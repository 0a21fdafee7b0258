//! PostgreSQL's server, for the tests: they start it on a port and in a folder of their own.

use super::{find, present};
use anyhow::Result;
use std::path::PathBuf;
use std::process::Command;

/// Where Debian keeps it, a folder for each version. None of them is on PATH.
const DEBIAN: &str = "/usr/lib/postgresql";

/// The folder of PostgreSQL's programs.
#[derive(Debug)]
pub(crate) struct Postgres {
    bin: PathBuf,
}

impl Postgres {
    /// `POSTGRES_BIN`, else the folder on PATH, else Debian's newest, which is installed if there is none.
    pub(crate) fn ensure() -> Result<Self> {
        let bin = present("PostgreSQL", bin, &["postgresql"])?;
        Ok(Self { bin })
    }

    /// Tells `command` where it is.
    pub(crate) fn prepare(&self, command: &mut Command) {
        command.env("POSTGRES_BIN", &self.bin);
    }
}

fn bin() -> Option<PathBuf> {
    let has_server = |bin: &PathBuf| bin.join("initdb").is_file();
    if let Some(bin) = std::env::var_os("POSTGRES_BIN") {
        return Some(PathBuf::from(bin)).filter(has_server);
    }
    if let Some(initdb) = find("initdb") {
        return initdb.parent().map(PathBuf::from);
    }
    let versions = std::fs::read_dir(DEBIAN).ok()?.flatten();
    versions
        .map(|version| version.path().join("bin"))
        .filter(has_server)
        .max_by_key(|bin| {
            let version = bin.parent()?.file_name()?.to_str()?;
            version.parse::<u32>().ok()
        })
}
