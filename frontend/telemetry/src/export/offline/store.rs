//! The IndexedDB database of what could not be sent.
//!
//! A value is a request's body; its key says all else (`[time, random, bytes, items, signal]`), so that what is there can
//! be counted without loading it, and is in the order of time.

use js_sys::{Array, Function, Promise, Uint8Array};
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use wasm_bindgen_futures::JsFuture;

use crate::export::Signal;
use crate::page::{self, property};

const DATABASE: &str = "throughline";
const BATCHES: &str = "batches";

/// The open database.
#[derive(Clone)]
pub(super) struct Store(JsValue);

/// A key.
#[derive(Clone, PartialEq)]
pub(in crate::export) struct Entry([f64; 5]);

/// A batch on its way into the database.
pub(in crate::export) struct Stored {
    entry: Entry,
    done: Promise,
}

// === impl Store ===

impl Store {
    pub(super) async fn open() -> Option<Self> {
        let window = page::window()?;
        let factory = property(&window, "indexedDB");
        let request = call(&factory, "open", &[DATABASE.into()])?;
        let opened = request.clone();
        let upgrade = Closure::once_into_js(move || {
            call(
                &property(&opened, "result"),
                "createObjectStore",
                &[BATCHES.into()],
            );
        });
        page::set(&request, "onupgradeneeded", upgrade);
        result(&request).await.map(Self)
    }

    /// Gives way to whoever deletes or upgrades the database, and tells of its end.
    pub(super) fn on_close(&self, closed: impl Fn() + Clone + 'static) {
        let (database, on_close) = (self.0.clone(), closed.clone());
        let give_way = page::callback(move || {
            call(&database, "close", &[]);
            closed();
        });
        page::set(&self.0, "onversionchange", give_way);
        page::set(&self.0, "onclose", page::callback(on_close));
    }

    /// Hands a body to the browser.
    pub(super) fn put(&self, entry: Entry, body: &JsValue) -> Option<Stored> {
        let (transaction, batches) = self.batches("readwrite")?;
        call(&batches, "put", &[body.clone(), entry.to_key()])?;
        let done = settled(&transaction, "oncomplete");
        // The page may be about to go: nothing more will come.
        call(&transaction, "commit", &[]);
        Some(Stored { entry, done })
    }

    /// What is there, oldest first.
    pub(super) async fn entries(&self) -> Vec<Entry> {
        let mut entries = Vec::new();
        if let Some((_, batches)) = self.batches("readonly")
            && let Some(request) = call(&batches, "getAllKeys", &[])
            && let Some(keys) = result(&request).await
        {
            for key in Array::from(&keys).iter() {
                entries.push(Entry::from_key(&key));
            }
        }
        entries
    }

    pub(super) async fn body(&self, entry: &Entry) -> Option<JsValue> {
        let (_, batches) = self.batches("readonly")?;
        body(&call(&batches, "get", &[entry.to_key()])?).await
    }

    /// Takes the body out: of several tabs that try, one gets it, for their transactions come one after the other.
    pub(super) async fn take(&self, entry: &Entry) -> Option<JsValue> {
        let (_, batches) = self.batches("readwrite")?;
        let request = call(&batches, "get", &[entry.to_key()])?;
        call(&batches, "delete", &[entry.to_key()])?;
        body(&request).await
    }

    pub(super) fn delete(&self, entry: &Entry) {
        if let Some((_, batches)) = self.batches("readwrite") {
            call(&batches, "delete", &[entry.to_key()]);
        }
    }

    pub(super) fn clear(&self) {
        if let Some((_, batches)) = self.batches("readwrite") {
            call(&batches, "clear", &[]);
        }
    }

    /// A transaction, and the batches in it.
    fn batches(&self, mode: &str) -> Option<(JsValue, JsValue)> {
        let transaction = call(&self.0, "transaction", &[BATCHES.into(), mode.into()])?;
        let batches = call(&transaction, "objectStore", &[BATCHES.into()])?;
        Some((transaction, batches))
    }
}

// === impl Entry ===

impl Entry {
    #[expect(clippy::cast_precision_loss, reason = "far below 2⁵³")]
    pub(super) fn new(signal: Signal, bytes: f64, count: usize) -> Self {
        Self([
            js_sys::Date::now(),
            js_sys::Math::random(),
            bytes,
            count as f64,
            f64::from(signal as u8),
        ])
    }

    pub(super) fn bytes(&self) -> u64 {
        number(self.0[2])
    }

    pub(super) fn count(&self) -> u64 {
        number(self.0[3])
    }

    /// `None` for a key that a later version has written.
    pub(super) fn signal(&self) -> Option<Signal> {
        let index = number(self.0[4]);
        Signal::ALL.into_iter().find(|it| *it as u64 == index)
    }

    fn to_key(&self) -> JsValue {
        let key = Array::new();
        for part in self.0 {
            key.push(&part.into());
        }
        key.into()
    }

    fn from_key(key: &JsValue) -> Self {
        let key = Array::from(key);
        let mut parts = [f64::MAX; 5];
        for (part, value) in parts.iter_mut().zip(key.iter()) {
            *part = value.as_f64().unwrap_or(f64::MAX);
        }
        Self(parts)
    }
}

/// What is no number, or negative, is none.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "saturates"
)]
fn number(it: f64) -> u64 {
    it as u64
}

// === impl Stored ===

impl Stored {
    /// Waits until it is in the database. `None` if it is not: there is no room, say.
    pub(in crate::export) async fn done(self) -> Option<Entry> {
        JsFuture::from(self.done).await.ok()?;
        Some(self.entry)
    }
}

/// The result of an `IDBRequest`.
async fn result(request: &JsValue) -> Option<JsValue> {
    JsFuture::from(settled(request, "onsuccess")).await.ok()?;
    Some(property(request, "result"))
}

/// The body that a request has found.
async fn body(request: &JsValue) -> Option<JsValue> {
    let body = result(request).await?;
    body.is_instance_of::<Uint8Array>().then_some(body)
}

/// When a request or a transaction is done, or has failed.
fn settled(target: &JsValue, on_done: &str) -> Promise {
    Promise::new(&mut |resolve, reject| {
        page::set(target, on_done, resolve);
        page::set(target, "onerror", reject.clone());
        page::set(target, "onabort", reject);
    })
}

/// Calls a method. `None` if there is no such method, or if it throws.
fn call(object: &JsValue, method: &str, arguments: &[JsValue]) -> Option<JsValue> {
    let method: Function = property(object, method).dyn_into().ok()?;
    let list = Array::new();
    for argument in arguments {
        list.push(argument);
    }
    method.apply(object, &list).ok()
}
