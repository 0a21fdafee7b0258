//! The way out: one of the core's pipelines for each signal, driven by the browser's timers.

#[cfg(feature = "gzip")]
mod gzip;
mod keepalive;
#[cfg(feature = "offline")]
pub(crate) mod offline;
mod transport;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use throughline_core::pipeline::{
    Batch, DropReason, Ledger, Next, Outcome, Pipeline, Pushed, Settings,
};

pub use self::transport::Credentials;
pub(crate) use self::transport::Transport;
use self::transport::{Answer, Leaving, Sent};
use crate::otlp::Scope;
use crate::page::{self, Timer};
use crate::{clock, consent};

/// Bytes of items in one request. With the resource it takes half of the quota of keepalive: the other half is for the
/// application, and for what is left when the page goes.
pub(crate) const MAX_BATCH_BYTES: usize = keepalive::MAX_BYTES / 2 - ENVELOPE_BYTES;
/// What a request holds beside its items: the resource, scopes, lengths.
const ENVELOPE_BYTES: usize = 6 * 1024;
/// What an item takes beside its own bytes: its tag and length.
const ITEM_ENVELOPE_BYTES: usize = 6;

/// How long a log record waits at most for others to travel with (`OTEL_BLRP_SCHEDULE_DELAY`).
const MAX_LOG_DELAY: Duration = Duration::from_secs(1);

/// What kind of telemetry something is. Each has a queue of its own; the quota of the network they share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Signal {
    /// Spans, to `/v1/traces`.
    Traces,
    /// Log records and events, to `/v1/logs`.
    Logs,
    /// Metrics, to `/v1/metrics`.
    Metrics,
}

/// A span, a log record or a metric that is complete, encoded, with the encoded scope that made it.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) scope: Scope,
    pub(crate) bytes: Vec<u8>,
}

struct Exporter {
    /// In the order of [`Signal::ALL`].
    lanes: [Lane; 3],
    transport: Rc<Transport>,
    resource: Vec<u8>,
    timer: Timer,
}

struct Lane {
    pipeline: Pipeline<Item>,
    is_failing: bool,
}

thread_local! {
    /// What is due is left to [`send_all`], which does not wait for anything.
    static HELD_BACK: Cell<bool> = const { Cell::new(false) };
    static EXPORTER: RefCell<Option<Exporter>> = const { RefCell::new(None) };
}

/// From now on there is somewhere to go.
pub(crate) fn install(settings: Settings, transport: Transport, resource: Vec<u8>) {
    let lane = |signal| {
        let mut settings = settings;
        if signal == Signal::Logs {
            settings.schedule_delay = settings.schedule_delay.min(MAX_LOG_DELAY);
        }
        Lane {
            pipeline: Pipeline::new_sized(settings, |item| item.bytes.len() + ITEM_ENVELOPE_BYTES),
            is_failing: false,
        }
    };
    let exporter = Exporter {
        lanes: Signal::ALL.map(lane),
        transport: Rc::new(transport),
        resource,
        timer: Timer::new(on_time),
    };
    EXPORTER.with(|slot| {
        if let Ok(mut slot) = slot.try_borrow_mut() {
            *slot = Some(exporter);
        }
    });
}

/// Takes something that is complete, at this monotonic time. What was begun with consent may end without.
pub(crate) fn record(signal: Signal, item: Item, now: Duration) {
    if !consent::is_given() {
        return refuse(signal);
    }
    let pushed = lane(signal, |it| it.pipeline.push(item, now));
    if pushed == Some(Pushed::Wake) {
        drive();
    }
}

/// Counts something that the user does not want to be told of.
pub(crate) fn refuse(signal: Signal) {
    lane(signal, |it| {
        it.pipeline.record_drop(DropReason::Disabled, 1);
    });
}

/// What became of every item of a signal so far. What is stored for later is queued.
pub(crate) fn ledger(signal: Signal) -> Ledger {
    let ledger = lane(signal, |it| it.pipeline.ledger()).unwrap_or_default();
    #[cfg(feature = "offline")]
    let ledger = ledger.and_stored(offline::stored(signal));
    ledger
}

/// Sends what waits, without waiting for more.
pub(crate) fn flush() {
    for signal in Signal::ALL {
        lane(signal, |it| it.pipeline.flush(clock::monotonic()));
    }
    drive();
}

/// Exports nothing by itself, or does again.
pub(crate) fn hold_back(hold_back: bool) {
    HELD_BACK.set(hold_back);
    drive();
}

/// Sends all that waits before it returns: nobody may live to see the answer.
pub(crate) fn send_all() {
    for signal in Signal::ALL {
        while let Some(batch) = exporter(|it| it.drain(signal)).flatten() {
            send(signal, batch, Leaving::Yes);
        }
    }
}

/// Drops what has not been sent, for want of consent.
pub(crate) fn forget() {
    for signal in Signal::ALL {
        lane(signal, |it| it.pipeline.forget(DropReason::Disabled));
    }
    #[cfg(feature = "offline")]
    offline::forget();
}

/// Does what the pipelines say there is to do.
fn drive() {
    if HELD_BACK.get() {
        return;
    }
    let mut wake = None;
    for signal in Signal::ALL {
        loop {
            let now = clock::monotonic();
            match lane(signal, |it| it.pipeline.poll(now, page::random())) {
                Some(Next::Export(batch)) => {
                    // In a microtask: a span may end anywhere, and sending runs code of the page.
                    wasm_bindgen_futures::spawn_local(async move {
                        send(signal, batch, Leaving::No);
                    });
                }
                Some(Next::Wait(Some(at))) => {
                    wake = Some(wake.map_or(at, |wake| at.min(wake)));
                    break;
                }
                _ => break,
            }
        }
    }
    exporter(|it| it.timer.set(wake, clock::monotonic()));
}

fn send(signal: Signal, batch: Batch<Item>, leaving: Leaving) {
    // It may have been dropped since it was handed out: with the user's consent.
    if !is_under_way(signal, &batch) {
        return;
    }
    let (Some(transport), Some(body)) = (transport(), exporter(|it| it.request(&batch.items)))
    else {
        return;
    };
    #[cfg(feature = "offline")]
    if offline::is_outage()
        && let Some(stored) = offline::keep(signal, &body, batch.items.len())
    {
        return keep(signal, batch, stored);
    }
    let sent = Sent::begin(transport, signal, &body, leaving);
    wasm_bindgen_futures::spawn_local(async move {
        let answer = sent.outcome().await;
        #[cfg(feature = "offline")]
        if let Outcome::Retry { after } = answer.outcome
            && is_under_way(signal, &batch)
        {
            offline::failed(after);
            if let Some(stored) = offline::keep(signal, &body, batch.items.len()) {
                return keep(signal, batch, stored);
            }
        }
        complete(signal, &batch, &answer);
    });
}

/// Whether the pipeline still waits for this attempt: what it has given up is in the queue again, or dropped.
fn is_under_way(signal: Signal, batch: &Batch<Item>) -> bool {
    lane(signal, |it| it.pipeline.is_under_way(batch.id)) == Some(true)
}

/// Waits until a batch is stored, and leaves the account of it to the store.
#[cfg(feature = "offline")]
fn keep(signal: Signal, batch: Batch<Item>, stored: offline::Stored) {
    wasm_bindgen_futures::spawn_local(async move {
        let entry = stored.done().await;
        if !is_under_way(signal, &batch) {
            return offline::discard(entry);
        }
        let outcome = match entry {
            Some(_) => Outcome::Stored,
            None => Outcome::Retry { after: None },
        };
        offline::add(entry);
        complete(signal, &batch, &outcome.into());
    });
}

fn complete(signal: Signal, batch: &Batch<Item>, answer: &Answer) {
    let outcome = answer.outcome;
    if lane(signal, |it| it.is_news(outcome)) == Some(true) {
        let mut text = String::from("the collector did not take everything (see ledger()) at ");
        text.push_str(signal.path());
        text.push_str(": ");
        text.push_str(&answer.message);
        page::warn(&text);
    }
    lane(signal, |it| {
        it.pipeline
            .complete(batch.id, outcome, clock::monotonic(), page::random());
    });
    drive();
}

fn on_time() {
    exporter(|it| it.timer.fired());
    drive();
}

fn transport() -> Option<Rc<Transport>> {
    exporter(|it| Rc::clone(&it.transport))
}

fn lane<T>(signal: Signal, f: impl FnOnce(&mut Lane) -> T) -> Option<T> {
    exporter(|it| it.lanes.get_mut(signal as usize).map(f)).flatten()
}

fn exporter<T>(f: impl FnOnce(&mut Exporter) -> T) -> Option<T> {
    // `try_with`: a span may be dropped with the thread.
    EXPORTER
        .try_with(|slot| slot.try_borrow_mut().ok()?.as_mut().map(f))
        .ok()
        .flatten()
}

// === impl Signal ===

impl Signal {
    pub(crate) const ALL: [Self; 3] = [Self::Traces, Self::Logs, Self::Metrics];

    /// Where it goes, at the collector of this address.
    pub(crate) fn address(self, collector: &str) -> String {
        let mut address = collector.to_owned();
        address.push_str(self.path());
        address
    }

    /// What OTLP/HTTP adds to the address of a collector.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Traces => "/v1/traces",
            Self::Logs => "/v1/logs",
            Self::Metrics => "/v1/metrics",
        }
    }
}

// === impl Lane ===

impl Lane {
    /// Whether the developer is to be told of this: of the first of several failures in a row. The ledger has them all.
    fn is_news(&mut self, outcome: Outcome) -> bool {
        let failing = match outcome {
            Outcome::Exported { rejected } => rejected > 0,
            Outcome::Dropped(_) => true,
            Outcome::Retry { .. } | Outcome::Stored => return false,
        };
        let was_failing = std::mem::replace(&mut self.is_failing, failing);
        failing && !was_failing
    }
}

// === impl Exporter ===

impl Exporter {
    /// A batch that takes what is left of the keepalive quota, or else one as large, to be sent without.
    fn drain(&mut self, signal: Signal) -> Option<Batch<Item>> {
        let left = match keepalive::available() {
            few if few < 2 * ENVELOPE_BYTES => keepalive::MAX_BYTES,
            left => left,
        };
        let max_bytes = left - ENVELOPE_BYTES;
        let lane = self.lanes.get_mut(signal as usize)?;
        lane.pipeline
            .drain(usize::MAX, max_bytes, clock::monotonic())
    }

    fn request(&self, items: &[Item]) -> Vec<u8> {
        let mut parts: Vec<(&[u8], &[u8])> = Vec::with_capacity(items.len());
        for Item { scope, bytes } in items {
            parts.push((scope, bytes));
        }
        crate::otlp::request(&self.resource, &parts)
    }
}
