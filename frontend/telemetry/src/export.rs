//! The way out: one of the core's pipelines for each signal, driven by the browser's timers.

#[cfg(feature = "gzip")]
mod gzip;
mod keepalive;
#[cfg(feature = "offline")]
pub(crate) mod offline;
mod response;
mod signal;
mod transport;

use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::time::Duration;

use js_sys::Uint8Array;
use throughline_core::otlp::{self, Message};
use throughline_core::pipeline::{
    BatchId, DropReason, Ledger, Next, Outcome, Pipeline, Pushed, Settings,
};
use wasm_bindgen::JsValue;

pub use self::signal::Signal;
pub use self::transport::Credentials;
use self::transport::Sent;
pub(crate) use self::transport::Transport;
use crate::page::{self, Timer};
use crate::{clock, consent};

/// Bytes of items in one request. With the resource it takes half of the quota of keepalive: the other half is for the
/// application, and for what is left when the page goes.
pub(crate) const MAX_BATCH_BYTES: usize = keepalive::MAX_BYTES / 2 - ENVELOPE_BYTES;
/// What a request holds beside its items: the resource, scopes, lengths.
const ENVELOPE_BYTES: usize = 6 * 1024;
/// What an item takes beside its own bytes: its tag and length.
const ITEM_ENVELOPE_BYTES: usize = 6;
/// Room for most items: more is made for larger ones.
pub(crate) const USUAL_BYTES: usize = 256;

/// How long a log record waits at most for others to travel with (`OTEL_BLRP_SCHEDULE_DELAY`).
const MAX_LOG_DELAY: Duration = Duration::from_secs(1);

/// Bytes of what a collector says that are told to the developer.
const MAX_MESSAGE_BYTES: usize = 256;

/// A span, a log record or a metric that is complete, encoded, with the encoded scope that made it.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) scope: Scope,
    pub(crate) message: Message,
}

/// An encoded [`otlp::scope`], which many items share.
pub(crate) type Scope = Arc<Message>;

/// When what is recorded is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// With what follows it, by the pipelines' rules.
    Usual,
    /// Not until [`leave`] says so.
    Held,
    /// At once: the page has just been hidden, and the browser may end it without another word.
    Hidden,
    /// At once: the page is being left, and there is no later.
    Left,
}

struct Exporter {
    lanes: [Lane; LANES],
    transport: &'static Transport,
    resource: Message,
    timer: Timer,
}

/// One for each signal that is compiled in, in the order of [`Signal::ALL`].
const LANES: usize = match () {
    () if cfg!(feature = "metrics") => 3,
    () if cfg!(feature = "logs") => 2,
    () => 1,
};

struct Lane {
    signal: Signal,
    pipeline: Pipeline<Item>,
    is_failing: bool,
    /// The batch that is being compressed, and not sent yet.
    #[cfg(feature = "gzip")]
    compressing: Option<BatchId>,
}

thread_local! {
    static PACE: Cell<Pace> = const { Cell::new(Pace::Usual) };
    /// A page has one, for as long as it lives.
    static EXPORTER: Cell<Option<&'static RefCell<Exporter>>> = const { Cell::new(None) };
}

/// From now on there is somewhere to go.
pub(crate) fn install(settings: Settings, transport: Transport, resource: Message) {
    for (name, value) in &transport.headers {
        if !transport::is_header(name, value) {
            page::warn(&["fetch takes no header ", name].concat());
        }
    }
    let lane = |index| {
        let signal = Signal::ALL.get(index).copied().unwrap_or(Signal::Traces);
        let mut settings = settings;
        if signal == Signal::Logs {
            settings.schedule_delay = settings.schedule_delay.min(MAX_LOG_DELAY);
        }
        Lane {
            signal,
            pipeline: Pipeline::new_sized(settings, |item| {
                item.message.len() + ITEM_ENVELOPE_BYTES
            }),
            is_failing: false,
            #[cfg(feature = "gzip")]
            compressing: None,
        }
    };
    let exporter = Exporter {
        lanes: std::array::from_fn(lane),
        transport: Box::leak(Box::new(transport)),
        resource,
        timer: Timer::new(on_time),
    };
    EXPORTER.set(Some(Box::leak(Box::new(RefCell::new(exporter)))));
}

/// Takes something that is complete, at this monotonic time in nanoseconds. What was begun with consent may end without.
pub(crate) fn record(signal: Signal, item: Item, now: u64) {
    if !consent::is_given() {
        return refuse(signal);
    }
    let pace = PACE.get();
    exporter(|it| {
        let pushed = it.lane(signal).map(|it| it.pipeline.push_at(item, now));
        if pushed == Some(Pushed::Wake) && pace == Pace::Usual {
            it.drive();
        }
    });
    if matches!(pace, Pace::Hidden | Pace::Left) {
        send_all();
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
    exporter(|it| {
        for lane in &mut it.lanes {
            lane.pipeline.flush(clock::monotonic());
        }
        it.drive();
    });
}

/// Sends nothing until [`leave`].
pub(crate) fn hold() {
    PACE.set(Pace::Held);
}

/// Sends all that waits before it returns, and what follows in the same moment at once: the page has handlers of its own
/// for it, which may come after ours. A timer that comes to its time tells that the page lives on.
pub(crate) fn leave(pace: Pace) {
    PACE.set(pace);
    send_all();
    let now = clock::monotonic();
    exporter(|it| it.timer.set(Some(now), now));
}

/// Whether the page is being left: what begins now has no end that anybody could see.
pub(crate) fn is_left() -> bool {
    PACE.get() == Pace::Left
}

/// Sends all that waits before it returns: nobody may live to see the answer.
pub(crate) fn send_all() {
    while let Some(mut sent) = exporter(Exporter::drain).flatten() {
        if !is_kept(&sent) {
            sent.start();
            deliver(sent);
        }
    }
}

/// Drops what has not been sent, for want of consent.
pub(crate) fn forget() {
    exporter(|it| {
        for lane in &mut it.lanes {
            lane.pipeline.forget(DropReason::Disabled);
        }
    });
    #[cfg(feature = "offline")]
    offline::forget();
}

/// Sends something, unless that has begun, and reports what became of it. Begins in a microtask.
///
/// It waits in one place whatever it waits for: each `await` of its own would be a good part of a state machine.
fn deliver(mut sent: Box<Sent>) {
    wasm_bindgen_futures::spawn_local(async move {
        loop {
            let settled = sent.next().await;
            if !proceed(&mut sent, settled) {
                break;
            }
        }
    });
}

/// Does what follows on what was awaited. Whether there is more to wait for.
fn proceed(sent: &mut Sent, settled: Result<JsValue, JsValue>) -> bool {
    #[cfg(feature = "gzip")]
    if sent.is_packed() {
        // The page may have been left meanwhile, and the batch sent as it was. What was stored is nobody else's.
        let is_ours = |it: &mut Lane| it.compressing.take_if(|it| Some(*it) == sent.batch);
        let is_ours = lane(sent.signal, is_ours).flatten() == sent.batch;
        if !is_ours || !is_wanted(sent) {
            return false;
        }
        sent.take_packed(settled);
        sent.start();
        return true;
    }
    if sent.has_begun() {
        if let Some(outcome) = sent.take(settled) {
            end(sent, outcome);
            return false;
        }
        return true;
    }
    if !is_wanted(sent) {
        return false;
    }
    if let Some(batch) = sent.unwritten() {
        exporter(|it| {
            if let Some(lane) = it.lanes.get(sent.signal as usize) {
                sent.write(lane.body(batch, &it.resource));
            }
        });
    }
    if is_kept(sent) {
        return false;
    }
    #[cfg(feature = "gzip")]
    if sent.pack() {
        if sent.batch.is_some() {
            lane(sent.signal, |it| it.compressing = sent.batch);
        }
        return true;
    }
    sent.start();
    true
}

/// Reports what became of something.
fn end(sent: &Sent, outcome: Outcome) {
    let Some(batch) = sent.batch else {
        #[cfg(feature = "offline")]
        offline::sent(outcome, sent.plain());
        return;
    };
    tell(outcome, sent);
    #[cfg(feature = "offline")]
    if let Outcome::Retry { after } = outcome
        && is_wanted(sent)
    {
        offline::failed(after);
        if offline::keep(sent, batch) {
            return;
        }
    }
    complete(sent.signal, batch, outcome);
}

/// Whether something is still to be sent: the pipeline may have given it up, and what it has given up is in the queue
/// again, or dropped.
fn is_wanted(sent: &Sent) -> bool {
    let Some(batch) = sent.batch else {
        #[cfg(feature = "offline")]
        return offline::is_wanted();
        #[cfg(not(feature = "offline"))]
        return false;
    };
    lane(sent.signal, |it| it.pipeline.is_under_way(batch)) == Some(true)
}

/// Whether a batch has been stored, because sending it would be in vain.
#[cfg_attr(
    not(feature = "offline"),
    expect(
        unused_variables,
        clippy::missing_const_for_fn,
        reason = "there is no store"
    )
)]
fn is_kept(sent: &Sent) -> bool {
    #[cfg(feature = "offline")]
    if let Some(batch) = sent.batch
        && offline::is_outage()
    {
        return offline::keep(sent, batch);
    }
    false
}

/// Tells the developer of the first of several failures in a row. The ledger has them all.
fn tell(outcome: Outcome, sent: &Sent) {
    let is_failing = outcome != Outcome::Exported { rejected: 0 };
    let was_failing = lane(sent.signal, |it| {
        std::mem::replace(&mut it.is_failing, is_failing)
    });
    if is_failing && was_failing == Some(false) {
        let mut text = String::from("export failed (see ledger()): ");
        text.push_str(&sent.address());
        text.push(' ');
        let message = response::partial_success(sent.answer()).error_message;
        for byte in message.iter().take(MAX_MESSAGE_BYTES) {
            // No collector says more than ASCII, and to decode what does would be more code than the rest of this.
            text.push(char::from(*byte.min(&0x7f)));
        }
        page::warn(&text);
    }
}

fn complete(signal: Signal, batch: BatchId, outcome: Outcome) {
    exporter(|it| {
        if let Some(lane) = it.lane(signal) {
            let now = clock::monotonic();
            lane.pipeline.complete(batch, outcome, now, page::random());
        }
        it.drive();
    });
}

fn on_time() {
    PACE.set(Pace::Usual);
    exporter(|it| {
        it.timer.fired();
        it.drive();
    });
}

fn lane<T>(signal: Signal, f: impl FnOnce(&mut Lane) -> T) -> Option<T> {
    exporter(|it| it.lane(signal).map(f)).flatten()
}

fn exporter<T>(f: impl FnOnce(&mut Exporter) -> T) -> Option<T> {
    let mut exporter = EXPORTER.get()?.try_borrow_mut().ok()?;
    Some(f(&mut exporter))
}

// === impl Exporter ===

impl Exporter {
    fn lane(&mut self, signal: Signal) -> Option<&mut Lane> {
        self.lanes.get_mut(signal as usize)
    }

    /// Does what the pipelines say there is to do.
    #[inline(never)]
    fn drive(&mut self) {
        let now = clock::monotonic();
        for lane in &mut self.lanes {
            loop {
                match lane.pipeline.poll(now, page::random()) {
                    // In a microtask: a span may end anywhere, and to write a request takes time, and to send it runs code
                    // of the page.
                    Next::Export(batch) => {
                        deliver(Sent::new(self.transport, lane.signal, Some(batch.id)));
                    }
                    Next::Wait(at) => {
                        self.timer.set(at, now);
                        break;
                    }
                    Next::Done => break,
                }
            }
        }
    }

    /// A batch that takes what is left of the keepalive quota, or else one as large, to be sent without.
    fn drain(&mut self) -> Option<Box<Sent>> {
        let left = match keepalive::available() {
            few if few < 2 * ENVELOPE_BYTES => keepalive::MAX_BYTES,
            left => left,
        };
        let max_bytes = left - ENVELOPE_BYTES;
        for lane in &mut self.lanes {
            #[cfg(feature = "gzip")]
            if let Some(unsent) = lane.compressing.take() {
                lane.pipeline.recall(unsent);
            }
            let now = clock::monotonic();
            if let Some(batch) = lane.pipeline.drain(usize::MAX, max_bytes, now) {
                let mut sent = Sent::new(self.transport, lane.signal, Some(batch.id));
                sent.write(lane.body(batch.id, &self.resource));
                return Some(sent);
            }
        }
        None
    }
}

// === impl Lane ===

impl Lane {
    /// The bytes of a request for a batch.
    #[inline(never)]
    fn body(&self, batch: BatchId, resource: &Message) -> JsValue {
        let mut parts: Vec<(&[u8], &[u8])> = Vec::new();
        for Item { scope, message } in self.pipeline.items(batch) {
            parts.push((scope.as_bytes(), message.as_bytes()));
        }
        Uint8Array::from(&*otlp::request(resource.as_bytes(), &parts)).into()
    }
}
