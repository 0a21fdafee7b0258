//! The ledgers as metrics, by the names that the semantic conventions have for an SDK's own.

use crate::processor::{Item, Lanes};
use opentelemetry::{KeyValue, metrics::Meter};
use throughline_core::pipeline::{DropReason, Ledger};

/// The specification's name for the kind of our processor: a value of its own, for it is not the SDK's.
const COMPONENT: &str = "throughline_batching_processor";

/// Observes the lanes of one signal, each as a component of its own:
///
/// | metric | what it tells |
/// |---|---|
/// | `otel.sdk.processor.span.queue.size`, `….queue.capacity` | how full the queue is |
/// | `otel.sdk.processor.span.processed` | what left the queue: to the exporter, or (`error.type`) to nowhere |
/// | `otel.sdk.exporter.span.inflight` | what is on its way |
/// | `otel.sdk.exporter.span.exported` | what arrived, or (`error.type`) did not |
///
/// Together they say what [`Ledger::balances`] says.
pub(crate) fn observe<T: Item>(meter: &Meter, lanes: &Lanes<T>) {
    let of_processor = |what| format!("otel.sdk.processor.{}.{what}", T::METRIC);
    let of_exporter = |what| format!("otel.sdk.exporter.{}.{what}", T::METRIC);
    up_down::<T>(meter, of_processor("queue.size"), lanes, |it| it.queued);
    up_down::<T>(meter, of_exporter("inflight"), lanes, |it| it.exporting);
    capacity(meter, of_processor("queue.capacity"), lanes);
    counter::<T>(meter, of_processor("processed"), lanes, |ledger, count| {
        let refused = refused_by_processor();
        let lost: u64 = refused.iter().map(|reason| ledger.dropped(*reason)).sum();
        let gone = ledger.queued.saturating_add(lost);
        count(ledger.created.saturating_sub(gone), None);
        refused
            .iter()
            .for_each(|reason| count(ledger.dropped(*reason), Some(*reason)));
    });
    counter::<T>(meter, of_exporter("exported"), lanes, |ledger, count| {
        count(ledger.exported, None);
        let refused = refused_by_processor();
        for (reason, dropped) in ledger.drops().filter(|(it, _)| !refused.contains(it)) {
            count(dropped, Some(reason));
        }
    });
}

/// What an exporter never saw.
fn refused_by_processor() -> [DropReason; 3] {
    [
        DropReason::QueueFull,
        DropReason::Shutdown,
        DropReason::Disabled,
    ]
}

type Count<'a> = &'a mut dyn FnMut(u64, Option<DropReason>);

fn counter<T: Item>(
    meter: &Meter,
    name: String,
    lanes: &Lanes<T>,
    read: impl Fn(&Ledger, Count<'_>) + Send + Sync + 'static,
) {
    let lanes = lanes.clone();
    let _registered = meter
        .u64_observable_counter(name)
        .with_unit(T::UNIT)
        .with_callback(move |observer| {
            for (index, ledger) in lanes.ledgers().iter().enumerate() {
                let component = component::<T>(index);
                read(ledger, &mut |count, reason| {
                    let mut attributes = component.to_vec();
                    match reason {
                        None => {}
                        // A series for each thing that never happened would be a series too many.
                        Some(_) if count == 0 => return,
                        Some(reason) => {
                            attributes.push(KeyValue::new("error.type", reason.as_str()));
                        }
                    }
                    observer.observe(count, &attributes);
                });
            }
        })
        .build();
}

fn up_down<T: Item>(meter: &Meter, name: String, lanes: &Lanes<T>, read: fn(&Ledger) -> u64) {
    let lanes = lanes.clone();
    let _registered = meter
        .i64_observable_up_down_counter(name)
        .with_unit(T::UNIT)
        .with_callback(move |observer| {
            for (index, ledger) in lanes.ledgers().iter().enumerate() {
                let value = i64::try_from(read(ledger)).unwrap_or(i64::MAX);
                observer.observe(value, &component::<T>(index));
            }
        })
        .build();
}

fn capacity<T: Item>(meter: &Meter, name: String, lanes: &Lanes<T>) {
    let lanes = lanes.clone();
    let _registered = meter
        .i64_observable_up_down_counter(name)
        .with_unit(T::UNIT)
        .with_callback(move |observer| {
            for (index, capacity) in lanes.capacities().enumerate() {
                let value = i64::try_from(capacity).unwrap_or(i64::MAX);
                observer.observe(value, &component::<T>(index));
            }
        })
        .build();
}

fn component<T: Item>(index: usize) -> [KeyValue; 2] {
    [
        KeyValue::new("otel.component.type", COMPONENT),
        KeyValue::new(
            "otel.component.name",
            format!("{COMPONENT}/{}/{index}", T::METRIC),
        ),
    ]
}
