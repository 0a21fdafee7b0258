//! `cargo xtask size`: what the browser client adds to a page, feature by feature.

mod measure;
mod record;

use crate::setup::PageTools;
use anyhow::{Result, bail, ensure};
use measure::{Size, measure};
use record::Record;

/// The traces that a page is promised for [`TRACES_BAR`].
const TRACES: [&str; 5] = ["leptos", "interaction", "fetch", "document-load", "session"];

/// Bytes that the client may add to a page, in brotli: for traces, and for everything.
const TRACES_BAR: usize = 20 * 1024;
const EVERYTHING_BAR: usize = 32 * 1024;

/// One build of the page.
struct Row {
    /// Also its key in the record.
    name: String,
    size: Size,
    bar: Option<usize>,
}

pub(crate) fn main(mut args: lexopt::Parser) -> Result<()> {
    use lexopt::prelude::*;
    let mut is_recording = false;
    while let Some(arg) = args.next()? {
        match arg {
            Long("record") => is_recording = true,
            other => return Err(other.unexpected().into()),
        }
    }
    let tools = PageTools::ensure()?;
    let compiler = measure::compiler(&tools)?;
    let (page, rows) = measure_all(&tools)?;
    print(&page, &rows);

    let mut record = Record::read()?;
    if is_recording {
        let added = rows.iter().map(|row| (row.name.clone(), row.added(&page)));
        record.set(&compiler, added.collect());
        record.write()?;
        eprintln!("recorded for {compiler}");
        return Ok(());
    }
    if !record.knows(&compiler) {
        eprintln!("no sizes are recorded for {compiler}: growth is not checked");
    }
    let problem = |row: &Row| record.problem(&compiler, &row.name, row.added(&page), row.bar);
    let found: Vec<_> = rows.iter().filter_map(problem).collect();
    if !found.is_empty() {
        let hint = "If that is meant: cargo xtask size --record, in the same commit.";
        bail!("{}\n       {hint}", found.join("\n       "));
    }
    Ok(())
}

/// The page without the client, and all others.
fn measure_all(tools: &PageTools) -> Result<(Size, Vec<Row>)> {
    let all = measure::features()?;
    let traces = TRACES.map(String::from);
    for name in &traces {
        ensure!(all.contains(name), "the client has no feature `{name}`");
    }
    let page = measure(tools, "the page", None)?;
    let mut rows = Vec::new();
    let mut push = |name: &str, features: &[String], bar| -> Result<()> {
        let size = measure(tools, name, Some(features))?;
        rows.push(Row {
            name: name.to_owned(),
            size,
            bar,
        });
        Ok(())
    };
    push("traces", &traces, Some(TRACES_BAR))?;
    for feature in all.iter().filter(|it| !traces.contains(it)) {
        let mut features = traces.to_vec();
        features.push(feature.clone());
        push(&format!("traces + {feature}"), &features, None)?;
    }
    push("everything", &all, Some(EVERYTHING_BAR))?;
    Ok((page, rows))
}

fn print(page: &Size, rows: &[Row]) {
    println!(
        "\n{:<32}{:>9}{:>9}{:>9}{:>12}{:>14}",
        "wasm and glue, bytes", "raw", "gzip", "brotli", "adds", "over traces"
    );
    let line = |name: &str, size: &Size, rest: &str| {
        println!(
            "{name:<32}{:>9}{:>9}{:>9}{rest}",
            size.raw, size.gzip, size.brotli
        );
    };
    line("the page without the client", page, "");
    let traces = rows.first().map_or(0, |row| row.added(page));
    for row in rows {
        let added = row.added(page);
        let more = added.saturating_sub(traces);
        let mut rest = format!("{:>12}{:>14}", kilobytes(added), kilobytes(more));
        if let Some(bar) = row.bar {
            let verdict = if added <= bar { "holds" } else { "is exceeded" };
            rest += &format!("   the bar of {} {verdict}", kilobytes(bar));
        }
        line(&row.name, &row.size, &rest);
    }
    println!("(adds: brotli, 1 KB = 1024 bytes)\n");
}

fn kilobytes(bytes: usize) -> String {
    format!("{}.{:02} KB", bytes / 1024, bytes % 1024 * 100 / 1024)
}

// === impl Row ===

impl Row {
    /// What it has more than the page without the client, in brotli.
    fn added(&self, page: &Size) -> usize {
        self.size.brotli.saturating_sub(page.brotli)
    }
}
