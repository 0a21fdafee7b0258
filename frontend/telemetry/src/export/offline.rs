//! What cannot be sent is kept in the browser, and sent later.
//!
//! While the collector does not answer, finished batches go into IndexedDB instead of into memory: they survive a
//! reload, a crash, and the end of the page. The first of them is tried again after a pause (and when the browser says
//! that it is online); once it arrives, the others follow, oldest first. One tab at a time does that (Web Locks).
//!
//! A batch is stored *instead of* being sent, never beside it, so that nothing arrives twice because of the store.

mod store;

use std::cell::RefCell;
use std::time::Duration;

use throughline_core::limits::MAX_RETRY_AFTER;
use throughline_core::pipeline::{DropReason, Outcome};
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use web_sys::Window;

pub(super) use self::store::Stored;
use self::store::{Entry, Store};
use super::Signal;
use super::transport::Sent;
use crate::page::{self, Timer};
use crate::{clock, consent};

/// Bytes of all that is stored at most. The oldest is dropped for what is new.
pub(crate) const MAX_STORED_BYTES: u64 = 5 * 1024 * 1024;
/// The pause after the first failure; it doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause, but for one that the collector asks for.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// The tab that holds this lock sends what is stored.
const LOCK: &str = "throughline.offline";

struct Offline {
    store: Store,
    max_bytes: u64,
    /// What is stored, as this page last saw it.
    entries: Vec<Entry>,
    /// This page sends what is stored.
    is_sending: bool,
    /// Failures in a row: while there is one, nothing is sent directly.
    failures: u32,
    timer: Timer,
}

thread_local! {
    static OFFLINE: RefCell<Option<Offline>> = const { RefCell::new(None) };
}

/// Opens the store, and sends what an earlier page has left in it. Without IndexedDB (private windows, some settings)
/// there is none: then what cannot be sent waits in memory.
pub(crate) fn install(window: &Window, max_bytes: u64) {
    page::listen(window, "online", |_| send_stored());
    wasm_bindgen_futures::spawn_local(async move {
        let Some(store) = Store::open().await else {
            return;
        };
        let offline = Offline {
            entries: store.entries().await,
            store,
            max_bytes,
            failures: 0,
            is_sending: false,
            timer: Timer::new(on_time),
        };
        offline.store.on_close(|| drop(OFFLINE.take()));
        OFFLINE.set(Some(offline));
        if consent::is_given() {
            send_stored();
        } else {
            forget();
        }
    });
}

/// Whether the collector did not answer last time, so that batches are better stored than sent.
pub(super) fn is_outage() -> bool {
    with(|it| it.failures > 0).unwrap_or(false)
}

/// Items of a signal that are stored.
pub(super) fn stored(signal: Signal) -> u64 {
    with(|it| {
        let of_signal = |entry: &&Entry| entry.signal() == Some(signal);
        it.entries.iter().filter(of_signal).map(Entry::count).sum()
    })
    .unwrap_or(0)
}

/// Stores a request's body that holds `count` items. It is with the browser when this returns, and in the account of the
/// store once it was [`add`]ed. `None`: there is no store.
pub(super) fn keep(signal: Signal, body: &JsValue, count: usize) -> Option<Stored> {
    with(|it| it.keep(signal, body, count)).flatten()
}

/// From now on the store has the account of this entry.
pub(super) fn add(entry: Option<Entry>) {
    with(|it| it.entries.extend(entry));
}

/// Removes an entry that the store was never given the account of.
pub(super) fn discard(entry: Option<Entry>) {
    if let Some(entry) = entry {
        with(|it| it.store.delete(&entry));
    }
}

/// The collector does not answer: from now on batches are stored, until it does. `after` is how long it asks to wait.
pub(super) fn failed(after: Option<Duration>) {
    with(|it| {
        let pause = FIRST_PAUSE * (1 << it.failures.min(5));
        it.failures = it.failures.saturating_add(1);
        let jitter = 0.8 + 0.4 * page::random();
        let pause = pause.min(LONGEST_PAUSE).mul_f32(jitter);
        let now = clock::monotonic();
        it.timer.set(
            Some(now + after.unwrap_or_default().min(MAX_RETRY_AFTER).max(pause)),
            now,
        );
    });
}

/// Removes all that is stored, without sending it.
pub(crate) fn forget() {
    let forgotten = with(|it| {
        it.store.clear();
        std::mem::take(&mut it.entries)
    });
    for entry in forgotten.unwrap_or_default() {
        account(&entry, Outcome::Dropped(DropReason::Disabled));
    }
}

fn on_time() {
    with(|it| it.timer.fired());
    send_stored();
}

/// Sends what is stored, in the tab that gets the lock.
pub(crate) fn send_stored() {
    let Some(window) = page::window() else { return };
    if with(|it| std::mem::replace(&mut it.is_sending, true)) != Some(false) {
        return;
    }
    let locks = page::property(&page::property(&window, "navigator"), "locks");
    let with_lock = Closure::once_into_js(|lock: JsValue| -> JsValue {
        if lock.is_null() {
            // Another tab sends; it may be closed before it is done.
            with(|it| it.is_sending = false);
            failed(None);
            return JsValue::UNDEFINED;
        }
        wasm_bindgen_futures::future_to_promise(async {
            send_all_stored(Claim::ByLock).await;
            Ok(JsValue::UNDEFINED)
        })
        .into()
    });
    let options = js_sys::Object::new();
    page::set(&options, "ifAvailable", true);
    let request = page::property(&locks, "request");
    match request.dyn_ref::<js_sys::Function>() {
        Some(request) => {
            drop(request.call3(&locks, &JsValue::from_str(LOCK), &options, &with_lock));
        }
        None => wasm_bindgen_futures::spawn_local(send_all_stored(Claim::ByTaking)),
    }
}

/// How this tab makes sure that no other one sends the same.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Claim {
    /// It has the lock.
    ByLock,
    /// There are no locks (the page came by plain HTTP): it takes each entry out before it is sent, and puts it back if it
    /// could not be sent. What is on its way when the page ends may be lost then, but nothing arrives twice.
    ByTaking,
}

async fn send_all_stored(claim: Claim) {
    send_one_by_one(claim).await;
    with(|it| it.is_sending = false);
}

async fn send_one_by_one(claim: Claim) {
    let Some(store) = with(|it| it.store.clone()) else {
        return;
    };
    // Those of other pages too. What was stored or sent meanwhile is known better here.
    for entry in store.entries().await {
        with(|it| {
            if !it.entries.contains(&entry) {
                it.entries.push(entry);
            }
        });
    }
    while let Some(entry) = with(|it| it.entries.first().cloned()).flatten() {
        let Some(transport) = super::transport() else {
            return;
        };
        let body = match claim {
            _ if !consent::is_given() => return,
            Claim::ByLock => store.body(&entry).await,
            Claim::ByTaking => store.take(&entry).await,
        };
        let (Some(signal), Some(body)) = (entry.signal(), body) else {
            store.delete(&entry);
            with(|it| it.remove(&entry));
            continue;
        };
        let mut sent = Sent::new(transport, signal, body);
        #[cfg(feature = "gzip")]
        sent.compress().await;
        if !consent::is_given() {
            return;
        }
        sent.start();
        let outcome = loop {
            let next = sent.next().await;
            if let Some(outcome) = sent.take(next) {
                break outcome;
            }
        };
        let is_known = with(|it| it.entries.contains(&entry)) == Some(true);
        if let Outcome::Retry { after } = outcome {
            if claim == Claim::ByTaking
                && is_known
                && let Some(stored) = store.put(entry, sent.plain())
            {
                stored.done().await;
            }
            return failed(after);
        }
        store.delete(&entry);
        // It may have been dropped meanwhile, and accounted for.
        if is_known {
            with(|it| it.remove(&entry));
            account(&entry, outcome);
        }
    }
    with(|it| it.failures = 0);
}

/// An entry has left the store: it is the pipeline's ledger that says how.
fn account(entry: &Entry, outcome: Outcome) {
    let Some(signal) = entry.signal() else { return };
    let count = entry.count();
    super::lane(signal, |lane| match outcome {
        Outcome::Exported { rejected } => lane.pipeline.record_export(count, rejected),
        Outcome::Dropped(reason) => lane.pipeline.record_drop(reason, count),
        Outcome::Retry { .. } | Outcome::Stored => {}
    });
}

fn with<T>(f: impl FnOnce(&mut Offline) -> T) -> Option<T> {
    OFFLINE.with(|slot| slot.try_borrow_mut().ok()?.as_mut().map(f))
}

// === impl Offline ===

impl Offline {
    fn keep(&mut self, signal: Signal, body: &JsValue, count: usize) -> Option<Stored> {
        let entry = Entry::new(signal, page::number(body, "length"), count);
        let mut bytes: u64 = self.entries.iter().map(Entry::bytes).sum();
        bytes += entry.bytes();
        while bytes > self.max_bytes && !self.entries.is_empty() {
            let oldest = self.entries.remove(0);
            bytes -= oldest.bytes();
            self.store.delete(&oldest);
            // The exporter is borrowed by nobody here.
            account(&oldest, Outcome::Dropped(DropReason::QueueFull));
        }
        if bytes > self.max_bytes {
            return None;
        }
        self.store.put(entry, body)
    }

    /// Whether it was there.
    fn remove(&mut self, entry: &Entry) -> bool {
        let before = self.entries.len();
        self.entries.retain(|it| it != entry);
        self.entries.len() < before
    }
}
