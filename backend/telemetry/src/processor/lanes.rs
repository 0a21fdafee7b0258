//! The lanes of one signal.

use super::{
    Item,
    lane::{self, Lane},
    worker,
};
use crate::exporter::{AnyExporter, OwnRuntime};
use opentelemetry_sdk::{
    Resource,
    error::{OTelSdkError, OTelSdkResult},
};
use std::{
    fmt, io,
    sync::Arc,
    time::{Duration, Instant},
};
use throughline_core::pipeline::{Ledger, Settings};

/// Hands every item to each of its lanes: one pipeline, one thread, one exporter. Clones share them.
///
/// Lanes are independent: an exporter that hangs fills its own queue and no other.
pub(crate) struct Lanes<T> {
    lanes: Arc<[Arc<Lane<T>>]>,
}

/// An exporter, the runtime that drives it, and when items leave for it.
#[derive(Debug)]
pub(crate) struct Route<T> {
    pub(crate) settings: Settings,
    pub(crate) runtime: OwnRuntime,
    pub(crate) exporter: Box<dyn AnyExporter<T>>,
}

// === impl Lanes ===

impl<T: Item> Lanes<T> {
    /// Starts a thread for each exporter.
    pub(crate) fn start(routes: Vec<Route<T>>, resource: &Resource) -> io::Result<Self> {
        let lanes = routes.into_iter().map(|route| {
            let mut exporter = route.exporter;
            exporter.set_resource(resource);
            let lane = Arc::new(Lane::new(route.settings));
            worker::spawn(Arc::clone(&lane), route.runtime, exporter)?;
            Ok(lane)
        });
        let lanes = lanes.collect::<io::Result<_>>()?;
        Ok(Self { lanes })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lanes.is_empty()
    }

    pub(crate) fn push(&self, item: T) {
        if let Some((last, others)) = self.lanes.split_last() {
            for lane in others {
                lane.push(item.clone());
            }
            last.push(item);
        }
    }

    /// The account of each exporter, in their order.
    pub(crate) fn ledgers(&self) -> Vec<Ledger> {
        self.lanes.iter().map(|lane| lane.ledger()).collect()
    }

    /// How many items the queue of each exporter holds at most.
    pub(crate) fn capacities(&self) -> impl Iterator<Item = usize> {
        self.lanes.iter().map(|lane| lane.capacity)
    }

    /// Waits until what is there so far is exported or dropped. Blocks the thread.
    pub(crate) fn flush(&self, timeout: Duration) -> OTelSdkResult {
        let deadline = lane::after(Instant::now(), timeout);
        let marks: Vec<_> = self.lanes.iter().map(|lane| lane.flush()).collect();
        let settled = self
            .lanes
            .iter()
            .zip(marks)
            .all(|(lane, mark)| lane.wait_until_settled(mark, deadline));
        in_time(settled, timeout)
    }

    /// Exports what it can until the timeout, and drops the rest. Blocks the thread.
    pub(crate) fn shutdown(&self, timeout: Duration) -> OTelSdkResult {
        let deadline = lane::after(Instant::now(), timeout);
        self.close(timeout);
        let mut lanes = self.lanes.iter();
        in_time(lanes.all(|lane| lane.wait_until_done(deadline)), timeout)
    }

    /// Begins what [`shutdown`](Self::shutdown) waits for.
    pub(crate) fn close(&self, timeout: Duration) {
        self.lanes.iter().for_each(|lane| lane.shutdown(timeout));
    }
}

impl<T> Clone for Lanes<T> {
    fn clone(&self) -> Self {
        let lanes = Arc::clone(&self.lanes);
        Self { lanes }
    }
}

impl<T> fmt::Debug for Lanes<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} lanes", self.lanes.len())
    }
}

fn in_time(all: bool, timeout: Duration) -> OTelSdkResult {
    if all {
        Ok(())
    } else {
        Err(OTelSdkError::Timeout(timeout))
    }
}
