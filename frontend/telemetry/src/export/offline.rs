//! What cannot be sent is kept in the browser, and sent later.
//!
//! While the collector does not answer, finished batches go into IndexedDB instead of into memory: they survive a
//! reload, a crash, and the end of the page. The first of them is tried again after a pause (and when the browser says
//! that it is online); once it arrives, the others follow, oldest first. One tab at a time does that (Web Locks).
//!
//! A batch is stored *instead of* being sent, never beside it, so that nothing arrives twice because of the store.

mod store;

use std::cell::{Cell, RefCell};
use std::time::Duration;

use js_sys::Object;
use throughline_core::pipeline::{BatchId, DropReason, Outcome, Retry};
use wasm_bindgen::JsValue;
use web_sys::Window;

use self::store::{Claim, Entry, Store};
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

const UNDEFINED: JsValue = JsValue::UNDEFINED;

struct Offline {
    store: Store,
    /// What is stored, as this page last saw it.
    entries: Vec<Entry>,
    /// This page sends what is stored.
    is_sending: bool,
    /// What is being sent.
    current: Option<Entry>,
    /// Gives the lock back, if it is held.
    release: JsValue,
    /// Failures in a row: while there is one, nothing is sent directly.
    failures: u32,
    timer: Timer,
}

thread_local! {
    static MAX_BYTES: Cell<f64> = const { Cell::new(0.0) };
    static OFFLINE: Cell<Option<&'static RefCell<Offline>>> = const { Cell::new(None) };
}

/// Opens the store, and sends what an earlier page has left in it. Without IndexedDB (private windows, some settings)
/// there is none: then what cannot be sent waits in memory.
#[expect(clippy::cast_precision_loss, reason = "no store is as large")]
pub(crate) fn install(window: &Window, max_bytes: u64) {
    MAX_BYTES.set(max_bytes as f64);
    page::listen(window, "online", |_| send_stored());
    Store::open(opened, closed);
}

fn opened(store: Store) {
    let offline = Offline {
        store,
        entries: Vec::new(),
        is_sending: false,
        current: None,
        release: UNDEFINED,
        failures: 0,
        timer: Timer::new(on_time),
    };
    OFFLINE.set(Some(Box::leak(Box::new(RefCell::new(offline)))));
    load(|| {
        if consent::is_given() {
            send_stored();
        } else {
            forget();
        }
    });
}

fn closed() {
    stop();
    OFFLINE.set(None);
}

/// Whether the collector did not answer last time, so that batches are better stored than sent.
pub(super) fn is_outage() -> bool {
    with(|it| it.failures > 0) == Some(true)
}

/// Items of a signal that are stored.
pub(super) fn stored(signal: Signal) -> u64 {
    let mut count = 0;
    with(|it| {
        for entry in &it.entries {
            if entry.signal() == Some(signal) {
                count += entry.count();
            }
        }
    });
    count
}

/// Stores a batch, and takes the account of it over once it is there. It is with the browser when this returns. Whether
/// there is a store that has room for it.
pub(super) fn keep(sent: &Sent, batch: BatchId) -> bool {
    let signal = sent.signal;
    let count = super::lane(signal, |it| it.pipeline.items(batch).count());
    let bytes = page::number(sent.plain(), "length");
    let entry = Entry::new(signal, bytes, count.unwrap_or_default());
    let is_kept = with(|it| {
        it.make_room(bytes) && {
            let then = kept(signal, batch, entry.clone());
            it.store.put(&entry, sent.plain(), then)
        }
    });
    is_kept == Some(true)
}

/// What hears whether a batch is in the store.
fn kept(signal: Signal, batch: BatchId, entry: Entry) -> store::Then {
    Box::new(move |done| {
        let is_stored = !done.is_undefined();
        let is_under_way = super::lane(signal, |it| it.pipeline.is_under_way(batch));
        let outcome = match is_stored {
            true => Outcome::Stored,
            false => Outcome::Retry { after: None },
        };
        if is_stored {
            with(|it| match is_under_way {
                Some(true) => it.entries.push(entry),
                // It has been dropped meanwhile, and nobody has the account of it.
                _ => it.store.delete(&entry),
            });
        }
        // Ignored if it is over.
        super::complete(signal, batch, outcome);
    })
}

/// The collector does not answer: from now on batches are stored, until it does. `after` is how long it asks to wait.
pub(super) fn failed(after: Option<Duration>) {
    with(|it| {
        it.failures = it.failures.saturating_add(1);
        let retry = Retry {
            initial_backoff: FIRST_PAUSE,
            multiplier: 2.0,
            max_backoff: LONGEST_PAUSE,
            ..Retry::default()
        };
        let asked = after.unwrap_or_default().min(retry.max_retry_after);
        let pause = retry.backoff(it.failures, page::random()).max(asked);
        let now = clock::monotonic();
        it.timer.set(Some(now.saturating_add(pause)), now);
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
    if with(|it| std::mem::replace(&mut it.is_sending, true)) != Some(false) {
        return;
    }
    let locks = page::property(&page::global("navigator"), "locks");
    let request = page::property(&locks, "request");
    let options = Object::new();
    page::set(&options, "ifAvailable", true);
    let answer = page::function(Box::new(|lock, _, _| Ok(begin_with(&lock))));
    if page::apply(&request, &locks, LOCK.into(), options.into(), answer.into()).is_err() {
        load(send_next);
    }
}

/// Begins, if this is the lock. It is held until the promise that this returns is kept.
fn begin_with(lock: &JsValue) -> JsValue {
    if !lock.is_truthy() {
        // Another tab sends; it may be closed before it is done.
        stop();
        failed(None);
        return UNDEFINED;
    }
    let release = page::function(Box::new(|release, _, _| {
        with(|it| it.release = release);
        Ok(UNDEFINED)
    }));
    if OFFLINE.get().is_none() {
        return UNDEFINED;
    }
    let is_over = page::new("Promise", release);
    load(send_next);
    is_over
}

/// Takes note of what other pages have stored, too. What was stored or sent meanwhile is known better here.
fn load(then: fn()) {
    let loaded = move |done| {
        with(|it| {
            page::find(&page::property(&done, "result"), &mut |key| {
                let entry = Entry::of(key.clone());
                if !it.entries.contains(&entry) {
                    it.entries.push(entry);
                }
                false
            });
        });
        then();
    };
    if with(|it| it.store.keys(Box::new(loaded))) != Some(true) {
        stop();
    }
}

/// Sends the oldest of what is stored.
fn send_next() {
    let is_asked = with(|it| {
        let claim = match it.release.is_undefined() {
            true => Claim::ByTaking,
            false => Claim::ByLock,
        };
        it.current = it.entries.first().cloned();
        match &it.current {
            Some(entry) if consent::is_given() => it.store.get(entry, claim, send),
            Some(_) => false,
            None => {
                it.failures = 0;
                false
            }
        }
    });
    if is_asked != Some(true) {
        stop();
    }
}

/// Sends the body of the current entry.
fn send(body: Option<JsValue>) {
    let signal = with(|it| it.current.as_ref()?.signal()).flatten();
    if let Some(signal) = signal
        && let Some(body) = body
        && let Some(transport) = super::exporter(|it| it.transport)
    {
        let mut sent = Sent::new(transport, signal, None);
        sent.write(body);
        return super::deliver(sent);
    }
    with(|it| it.finish());
    send_next();
}

/// Whether the current entry is still to be sent. If not, there is no more to send.
pub(super) fn is_wanted() -> bool {
    let is_wanted = consent::is_given();
    if !is_wanted {
        stop();
    }
    is_wanted
}

/// What became of the current entry.
pub(super) fn sent(outcome: Outcome, body: &JsValue) {
    if let Outcome::Retry { after } = outcome {
        with(|it| {
            if let Some(entry) = &it.current
                && it.release.is_undefined()
                && it.entries.contains(entry)
            {
                it.store.put(entry, body, Box::new(drop));
            }
        });
        stop();
        return failed(after);
    }
    if let Some(entry) = with(Offline::finish).flatten() {
        account(&entry, outcome);
    }
    send_next();
}

/// Sends no more, until there is a reason to.
fn stop() {
    let release = with(|it| {
        it.is_sending = false;
        std::mem::take(&mut it.release)
    });
    let release = release.unwrap_or_default();
    drop(page::apply(
        &release, &UNDEFINED, UNDEFINED, UNDEFINED, UNDEFINED,
    ));
}

/// An entry has left the store: it is the pipeline's ledger that says how.
#[inline(never)]
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
    let mut offline = OFFLINE.get()?.try_borrow_mut().ok()?;
    Some(f(&mut offline))
}

// === impl Offline ===

impl Offline {
    /// Drops the oldest entries for one of so many bytes. Whether there is room then.
    fn make_room(&mut self, bytes: f64) -> bool {
        let max_bytes = MAX_BYTES.get();
        let mut bytes = bytes;
        for entry in &self.entries {
            bytes += entry.bytes;
        }
        while bytes > max_bytes
            && let Some(oldest) = self.entries.first().cloned()
        {
            bytes -= oldest.bytes;
            self.remove(&oldest);
            // The exporter is borrowed by nobody here.
            account(&oldest, Outcome::Dropped(DropReason::QueueFull));
        }
        bytes <= max_bytes
    }

    /// Removes the current entry. It, if it was there still: it may have been dropped meanwhile, and accounted for.
    fn finish(&mut self) -> Option<Entry> {
        let current = self.current.take()?;
        self.remove(&current).then_some(current)
    }

    /// Whether it was there.
    #[inline(never)]
    fn remove(&mut self, entry: &Entry) -> bool {
        self.store.delete(entry);
        let before = self.entries.len();
        self.entries.retain(|it| it != entry);
        self.entries.len() < before
    }
}
