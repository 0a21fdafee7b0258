//! The sizes that are kept with the sources, so that a change shows what it costs.

use crate::workspace;
use anyhow::{Context as _, Result};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A size may grow by this much, in percent, before the record has to change with the sources.
const MAX_GROWTH_PERCENT: usize = 2;

/// Bytes that the client adds, by the version of the compiler, and by the features. Sizes of two compilers do not compare.
#[derive(Debug)]
pub(super) struct Record(BTreeMap<String, BTreeMap<String, usize>>);

fn path() -> PathBuf {
    workspace::root().join("examples/minimal/size.json")
}

impl Record {
    /// An empty one if there is none.
    pub(super) fn read() -> Result<Self> {
        let path = path();
        if !path.exists() {
            return Ok(Self(BTreeMap::new()));
        }
        let text = std::fs::read_to_string(&path)?;
        let record = serde_json::from_str(&text)
            .with_context(|| format!("{} is no record of sizes", path.display()))?;
        Ok(Self(record))
    }

    pub(super) fn write(&self) -> Result<()> {
        let text = serde_json::to_string_pretty(&self.0)? + "\n";
        std::fs::write(path(), text).context("writing the record of sizes")
    }

    pub(super) fn knows(&self, compiler: &str) -> bool {
        self.0.contains_key(compiler)
    }

    pub(super) fn set(&mut self, compiler: &str, added: BTreeMap<String, usize>) {
        self.0.insert(compiler.to_owned(), added);
    }

    /// What is to be said if it has grown by too much.
    pub(super) fn growth(&self, compiler: &str, row: &str, added: usize) -> Option<String> {
        let recorded = *self.0.get(compiler)?.get(row)?;
        let is_grown = added * 100 > recorded * (100 + MAX_GROWTH_PERCENT);
        is_grown.then(|| {
            format!(
                "{row}: adds {added} bytes, recorded are {recorded}. If that is meant: cargo xtask size --record"
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_is_told_above_two_percent_and_for_the_same_compiler_only() {
        let mut record = Record(BTreeMap::new());
        record.set("rustc 1", BTreeMap::from([("traces".to_owned(), 1000)]));
        assert_eq!(record.growth("rustc 1", "traces", 1020), None);
        assert!(record.growth("rustc 1", "traces", 1021).is_some());
        assert_eq!(record.growth("rustc 2", "traces", 5000), None);
        assert_eq!(record.growth("rustc 1", "new", 5000), None);
    }
}
