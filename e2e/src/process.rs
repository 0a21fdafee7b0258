//! Programs that a test starts: each in a process group of its own, and gone with everything that it started when the
//! test ends, however it ends.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process_group};

/// A running program. Dropping it kills its process group.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    stdout: Lines,
    stderr: Lines,
}

/// What a program has written to one of its outputs so far.
#[derive(Clone, Debug, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

impl Process {
    /// Starts `command` and keeps the lines that it writes.
    pub fn start(mut command: Command) -> Result<Self> {
        let name = command.get_program().display().to_string();
        let mut child = command
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("{name} does not start"))?;
        let (stdout, stderr) = (Lines::default(), Lines::default());
        stdout.collect_from(child.stdout.take());
        stderr.collect_from(child.stderr.take());
        Ok(Self {
            name,
            child,
            stdout,
            stderr,
        })
    }

    /// The lines on standard output so far.
    pub fn stdout(&self) -> Vec<String> {
        self.stdout.so_far()
    }

    /// An error that shows what the program wrote, if it has ended although it should run.
    pub fn check_running(&mut self) -> Result<()> {
        let Some(status) = self.child.try_wait()? else {
            return Ok(());
        };
        bail!("{} ended ({status}):\n{}", self.name, self.output())
    }

    /// Everything that the program wrote, to explain a failure.
    pub fn output(&self) -> String {
        [self.stdout.so_far(), self.stderr.so_far()]
            .concat()
            .join("\n")
    }

    /// `kill -9` for the whole group: nothing gets a chance to tidy up.
    pub fn kill(&mut self) {
        if let Some(group) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            // The leader is waited for only here, so its id cannot belong to another process yet.
            kill_process_group(group, Signal::KILL).ok();
        }
        self.child.wait().ok();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

// === impl Lines ===

impl Lines {
    fn collect_from(&self, output: Option<impl Read + Send + 'static>) {
        let lines = self.clone();
        let output = output.into_iter().flat_map(|it| BufReader::new(it).lines());
        thread::spawn(move || {
            for line in output.map_while(Result::ok) {
                lines
                    .0
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(line);
            }
        });
    }

    fn so_far(&self) -> Vec<String> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// The root of the repository.
pub fn workspace() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// The program that the environment `variable` names, else `default` (relative to the repository).
pub fn program(variable: &str, default: &str) -> Result<PathBuf> {
    let path = std::env::var_os(variable).map_or_else(|| workspace().join(default), PathBuf::from);
    if path.is_file() {
        return Ok(path);
    }
    bail!(
        "{} is missing: `cargo xtask e2e` builds and installs what these tests need, or set {variable}",
        path.display()
    )
}

/// A port of 127.0.0.1 that nothing listens on.
pub fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}
