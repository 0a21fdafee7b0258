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

    /// What is wrong with a row: it has grown by too much, or nobody has stated its figure and it is above its bar, or it
    /// is the only one that is not recorded.
    pub(super) fn problem(
        &self,
        compiler: &str,
        row: &str,
        added: usize,
        bar: Option<usize>,
    ) -> Option<String> {
        let rows = self.0.get(compiler);
        match rows.and_then(|rows| rows.get(row)) {
            Some(recorded) if added * 100 > recorded * (100 + MAX_GROWTH_PERCENT) => Some(format!(
                "{row}: adds {added} bytes, recorded are {recorded}"
            )),
            Some(_) => None,
            None => match bar {
                Some(bar) if added > bar => {
                    Some(format!("{row}: adds {added} bytes, the bar is {bar}"))
                }
                _ if rows.is_some() => {
                    Some(format!("{row}: adds {added} bytes, which is not recorded"))
                }
                _ => None,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        let mut record = Record(BTreeMap::new());
        record.set("rustc 1", BTreeMap::from([("traces".to_owned(), 1000)]));
        record
    }

    #[test]
    fn growth_is_a_problem_above_two_percent_and_for_the_same_compiler_only() {
        let is_problem = |compiler, added| {
            let problem = record().problem(compiler, "traces", added, None);
            problem.is_some()
        };
        assert!(!is_problem("rustc 1", 1020));
        assert!(is_problem("rustc 1", 1021));
        assert!(!is_problem("rustc 2", 5000));
    }

    #[test]
    fn above_its_bar_a_row_is_a_problem_unless_its_figure_is_recorded() {
        let problem = |compiler| record().problem(compiler, "traces", 1000, Some(900));
        assert_eq!(problem("rustc 1"), None);
        let problem = problem("rustc 2").unwrap();
        assert!(problem.contains("the bar is 900"), "{problem}");
    }

    #[test]
    fn a_row_that_is_missing_from_a_record_is_a_problem() {
        let problem = record().problem("rustc 1", "new", 1, Some(900)).unwrap();
        assert!(problem.contains("not recorded"), "{problem}");
        assert_eq!(record().problem("rustc 2", "new", 1, Some(900)), None);
    }
}
