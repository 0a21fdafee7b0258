//! Processes: which core they run on, what they have used of it.

use anyhow::{Context as _, Result, ensure};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use std::{
    io::{BufRead as _, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};
use throughline_test_postgres::Server as Postgres;
use tokio::task::spawn_blocking;

/// The database of a PostgreSQL that is used: it is always there.
const DATABASE: &str = "postgres";

/// The two that are used.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Core {
    /// The first one.
    Server,
    /// The second one: what loads the server, and what it exports to.
    Load,
}

/// A server in a process of its own. Dropped, it is stopped.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    pub(crate) port: u16,
}

/// Binds this process, with the threads that it will start, to one core of those that it may use.
pub(crate) fn pin(core: Core) -> Result<()> {
    let allowed = sched_getaffinity(None)?;
    let mut cores = (0..CpuSet::MAX_CPU).filter(|core| allowed.is_set(*core));
    let chosen = match core {
        Core::Server => cores.next(),
        Core::Load => cores.nth(1),
    };
    let chosen = chosen.context("two cores are needed: one for the server, one for its load")?;
    let mut set = CpuSet::new();
    set.set(chosen);
    Ok(sched_setaffinity(None, &set)?)
}

// === impl Server ===

impl Server {
    /// Starts this program as the server `arm` that exports to `sink`, under `wrapper` if there is one. Without a PostgreSQL
    /// its database is SQLite.
    pub(crate) fn start(
        wrapper: &[&str],
        arm: &str,
        sink: &str,
        postgres: Option<&Postgres>,
    ) -> Result<Self> {
        let program = std::env::current_exe()?;
        let mut command = match wrapper {
            [] => Command::new(&program),
            [wrapper, args @ ..] => {
                let mut command = Command::new(wrapper);
                command.args(args).arg(&program);
                command
            }
        };
        let mut child = command
            .args(["serve", arm, sink])
            .args(postgres.map(|it| it.url(DATABASE)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("starting the server {arm}"))?;
        let mut port = String::new();
        let stdout = child.stdout.take().context("no standard output")?;
        BufReader::new(stdout).read_line(&mut port)?;
        let port = port.trim().parse();
        let port = port.with_context(|| format!("the server {arm} did not start"))?;
        Ok(Self { child, port })
    }

    /// The processor time of all threads that live, in user space and in the kernel.
    pub(crate) fn cpu_time(&self) -> Result<Duration> {
        let threads = PathBuf::from(format!("/proc/{}/task", self.child.id()));
        let mut nanos = 0;
        for thread in threads.read_dir()? {
            // "time on the CPU, time waiting for it, timeslices" (Linux, sched-stats.txt).
            let stat = std::fs::read_to_string(thread?.path().join("schedstat"))?;
            let on_cpu = stat.split(' ').next().unwrap_or_default();
            nanos += on_cpu.parse::<u64>().context("schedstat")?;
        }
        Ok(Duration::from_nanos(nanos))
    }

    /// Stops it, and waits until it has exported what it has.
    pub(crate) async fn stop(mut self) -> Result<()> {
        drop(self.child.stdin.take());
        let status = spawn_blocking(move || self.child.wait()).await??;
        ensure!(status.success(), "a server failed: {status}");
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _stopped = self.child.kill();
        let _waited = self.child.wait();
    }
}
