//! What the tokio runtime of the application does.

use opentelemetry::metrics::Meter;
use tokio::runtime::{Handle, RuntimeMetrics};

/// Name, unit, description, and how it is read.
type Observed = (
    &'static str,
    &'static str,
    &'static str,
    fn(&RuntimeMetrics) -> usize,
);

/// Observes the runtime that this is called in, if it is called in one. There are no semantic conventions for tokio.
pub(crate) fn observe(meter: &Meter) {
    let Ok(handle) = Handle::try_current() else {
        return;
    };
    let observed: [Observed; 3] = [
        (
            "tokio.runtime.workers",
            "{thread}",
            "Threads that poll tasks.",
            RuntimeMetrics::num_workers,
        ),
        (
            "tokio.runtime.tasks.alive",
            "{task}",
            "Tasks that were spawned and have not ended.",
            RuntimeMetrics::num_alive_tasks,
        ),
        (
            "tokio.runtime.queue.depth",
            "{task}",
            "Tasks that wait for any worker: those of the queue that all share.",
            RuntimeMetrics::global_queue_depth,
        ),
    ];
    for (name, unit, description, read) in observed {
        let handle = handle.clone();
        let _registered = meter
            .i64_observable_up_down_counter(name)
            .with_unit(unit)
            .with_description(description)
            .with_callback(move |observer| {
                let value = read(&handle.metrics());
                observer.observe(i64::try_from(value).unwrap_or(i64::MAX), &[]);
            })
            .build();
    }
}
