//! Says what is done, step by step, with the time of each step.

mod disk;

use anyhow::{Context as _, Result, bail};
use std::io::{IsTerminal as _, Write as _};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::NamedTempFile;

/// Lines of a failed command's output that are shown.
const SHOWN_LINES: usize = 80;
/// How often a terminal is told that a quiet command is still at work.
const TICK: Duration = Duration::from_millis(250);

/// Runs `command` with its output kept back: one line with the time when it succeeds, the end of the output when not.
pub(crate) fn quiet(title: &str, command: &mut Command) -> Result<()> {
    let started = Instant::now();
    let live = std::io::stderr().is_terminal();
    if !live {
        eprintln!("▸ {title}");
    }
    let log = NamedTempFile::new().context("a temporary file for the output")?;
    let mut child = command
        .stdin(Stdio::null())
        .stdout(log.as_file().try_clone()?)
        .stderr(log.as_file().try_clone()?)
        .spawn()
        .with_context(|| format!("{title}: cannot start {}", describe(command)))?;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if live {
            eprint!("\r\x1b[K▸ {title} … {}", seconds(started.elapsed()));
            std::io::stderr().flush()?;
        }
        wait(TICK);
    };
    if live {
        eprint!("\r\x1b[K");
    }
    if !status.success() {
        bail!(
            "{title} failed ({status}) after {}\n  {}\n\n{}{}",
            seconds(started.elapsed()),
            describe(command),
            last_lines(&log)?,
            disk::warning()
        );
    }
    eprintln!("✓ {title} ({})", seconds(started.elapsed()));
    Ok(())
}

/// Runs `command` with its output shown as it comes, for tests and lints.
pub(crate) fn loud(title: &str, command: &mut Command) -> Result<()> {
    let started = Instant::now();
    eprintln!("▸ {title}");
    let status = command
        .stdin(Stdio::null())
        .status()
        .with_context(|| format!("{title}: cannot start {}", describe(command)))?;
    if !status.success() {
        bail!(
            "{title} failed ({status})\n  {}{}",
            describe(command),
            disk::warning()
        );
    }
    eprintln!("✓ {title} ({})", seconds(started.elapsed()));
    Ok(())
}

/// A line about something that needed no work.
pub(crate) fn already(title: &str) {
    eprintln!("✓ {title}");
}

/// What a command prints on its standard output, or `None` when it cannot be run or fails.
pub(crate) fn output(program: &str, args: &[&str]) -> Option<String> {
    let output = Command::new(program)
        .args(args)
        .stderr(Stdio::null())
        .output()
        .ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn describe(command: &Command) -> String {
    let args = command.get_args().map(|arg| arg.to_string_lossy());
    std::iter::once(command.get_program().to_string_lossy())
        .chain(args)
        .collect::<Vec<_>>()
        .join(" ")
}

fn seconds(elapsed: Duration) -> String {
    format!("{:.1} s", elapsed.as_secs_f32())
}

fn last_lines(log: &NamedTempFile) -> Result<String> {
    let bytes = std::fs::read(log.path()).context("reading the output")?;
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().collect();
    Ok(lines[lines.len().saturating_sub(SHOWN_LINES)..].join("\n"))
}

/// Waits before a child process is looked at again.
#[allow(
    clippy::disallowed_methods,
    reason = "a child process is polled; there is no event to wait for"
)]
pub(crate) fn wait(time: Duration) {
    std::thread::sleep(time);
}
