//! What the process uses, from `/proc`. On systems without it, only its uptime is told.

use super::provider::pair;
use opentelemetry::metrics::Meter;
use std::{fs, time::Instant};

/// Ticks of the kernel's clock in a second, as `/proc` counts them: `USER_HZ`, which is 100 on every architecture that
/// Rust's Linux targets have.
const TICKS_PER_SECOND: f64 = 100.0;

/// Observes `process.*` of the semantic conventions.
pub(crate) fn observe(meter: &Meter) {
    let started = Instant::now();
    let _registered = meter
        .f64_observable_gauge("process.uptime")
        .with_unit("s")
        .with_description("How long telemetry has been set up.")
        .with_callback(move |observer| observer.observe(started.elapsed().as_secs_f64(), &[]))
        .build();
    let _registered = meter
        .f64_observable_counter("process.cpu.time")
        .with_unit("s")
        .with_description("Time that processors spent on this process.")
        .with_callback(|observer| {
            if let Some((user, system)) = read("/proc/self/stat").as_deref().and_then(cpu_ticks) {
                let mode = |value| [pair("cpu.mode", value)];
                observer.observe(user / TICKS_PER_SECOND, &mode("user"));
                observer.observe(system / TICKS_PER_SECOND, &mode("system"));
            }
        })
        .build();
    gauge(
        meter,
        "process.memory.usage",
        "By",
        "Memory in use.",
        || status("VmRSS:").map(|kib| kib * 1024),
    );
    gauge(
        meter,
        "process.memory.virtual",
        "By",
        "Memory that is mapped.",
        || status("VmSize:").map(|kib| kib * 1024),
    );
    gauge(
        meter,
        "process.thread.count",
        "{thread}",
        "Threads.",
        || status("Threads:"),
    );
    gauge(
        meter,
        "process.unix.file_descriptor.count",
        "{file_descriptor}",
        "Files and sockets that are open.",
        || i64::try_from(fs::read_dir("/proc/self/fd").ok()?.count()).ok(),
    );
}

fn gauge(
    meter: &Meter,
    name: &'static str,
    unit: &'static str,
    description: &'static str,
    value: fn() -> Option<i64>,
) {
    let _registered = meter
        .i64_observable_up_down_counter(name)
        .with_unit(unit)
        .with_description(description)
        .with_callback(move |observer| {
            if let Some(value) = value() {
                observer.observe(value, &[]);
            }
        })
        .build();
}

fn read(path: &str) -> Option<String> {
    fs::read_to_string(path).ok()
}

/// The number in a line of `/proc/self/status`.
fn status(name: &str) -> Option<i64> {
    number_after(&read("/proc/self/status")?, name)
}

fn number_after(text: &str, name: &str) -> Option<i64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Fields 14 and 15 (proc_pid_stat(5)). The second field is a name that may hold anything, parentheses included.
fn cpu_ticks(stat: &str) -> Option<(f64, f64)> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_whitespace().skip(11);
    let user = fields.next()?.parse().ok()?;
    let system = fields.next()?.parse().ok()?;
    Some((user, system))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_does_not_hide_the_times() {
        let stat = "42 (a) b) c) S 1 42 42 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 9 0 100 1 2";
        assert_eq!(cpu_ticks(stat), Some((250.0, 50.0)));
        assert_eq!(cpu_ticks("42 (a"), None);
    }

    #[test]
    fn a_line_of_the_status_is_found_by_its_name() {
        let text = "Name:\tserver\nVmSize:\t  2048 kB\nVmRSS:\t 1024 kB\nThreads:\t9\n";
        assert_eq!(number_after(text, "VmRSS:"), Some(1024));
        assert_eq!(number_after(text, "Threads:"), Some(9));
        assert_eq!(number_after(text, "VmSwap:"), None);
    }
}
