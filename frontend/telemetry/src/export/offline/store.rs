//! The IndexedDB database of what could not be sent.
//!
//! A value is a request's body; its key says all else (`[time, random, bytes, items, signal]`), so that what is there can
//! be counted without loading it, and is in the order of time.

use std::cell::Cell;

use js_sys::Array;
use wasm_bindgen::JsValue;

use crate::export::Signal;
use crate::page::{self, property};

const DATABASE: &str = "throughline";
const BATCHES: &str = "batches";

const UNDEFINED: JsValue = JsValue::UNDEFINED;

/// The open database.
pub(super) struct Store(JsValue);

/// A key, and what it says.
#[derive(Clone)]
pub(super) struct Entry {
    key: JsValue,
    /// No two have the same.
    random: f64,
    pub(super) bytes: f64,
    count: f64,
    signal: f64,
}

/// Called with a request or a transaction that is done; with `undefined` if it has failed.
pub(super) type Then = Box<dyn FnOnce(JsValue)>;

// === impl Store ===

impl Store {
    /// Calls back when the database is open, if there is one. Whoever deletes or upgrades it is given way, and `closed` is
    /// told of its end.
    pub(super) fn open(opened: fn(Self), closed: fn()) {
        let request = page::ask(&page::global("indexedDB"), "open", DATABASE);
        let create = page::listener(|event| {
            let database = property(&property(event, "target"), "result");
            page::ask(&database, "createObjectStore", BATCHES);
        });
        page::set(&request, "onupgradeneeded", create);
        let then = move |done: JsValue| {
            let database = property(&done, "result");
            if database.is_undefined() {
                return;
            }
            let close = page::function(Box::new(move |event, _, _| {
                closed();
                Ok(call(&property(&event, "target"), "close", &UNDEFINED))
            }));
            page::set(&database, "onversionchange", &close);
            page::set(&database, "onclose", &close);
            opened(Self(database));
        };
        when_done(&request, Box::new(then));
    }

    /// Hands a body to the browser. Whether it takes it; `then` hears whether it is in the database (there may be no room,
    /// say).
    pub(super) fn put(&self, entry: &Entry, body: &JsValue, then: Then) -> bool {
        let batches = self.batches("readwrite");
        if page::call(&batches, "put", body, &entry.key).is_err() {
            return false;
        }
        let transaction = property(&batches, "transaction");
        when_done(&transaction, then);
        // The page may be about to go: nothing more will come.
        drop(page::call(&transaction, "commit", UNDEFINED, UNDEFINED));
        true
    }

    /// Asks for the keys of what is there, oldest first. Whether the browser will tell.
    pub(super) fn keys(&self, then: Then) -> bool {
        let request = call(&self.batches("readonly"), "getAllKeys", &UNDEFINED);
        when_done(&request, then);
        !request.is_undefined()
    }

    /// Calls back with the body of an entry, if it is there. Whether the browser will.
    pub(super) fn get(&self, entry: &Entry, claim: Claim, then: fn(Option<JsValue>)) -> bool {
        let batches = self.batches(match claim {
            Claim::ByLock => "readonly",
            Claim::ByTaking => "readwrite",
        });
        let request = call(&batches, "get", &entry.key);
        if claim == Claim::ByTaking {
            // Of several tabs that try, one gets it, for their transactions come one after the other.
            call(&batches, "delete", &entry.key);
        }
        let then = move |done| {
            let body = property(&done, "result");
            then((page::number(&body, "byteLength") > 0.0).then_some(body));
        };
        when_done(&request, Box::new(then));
        !request.is_undefined()
    }

    pub(super) fn delete(&self, entry: &Entry) {
        call(&self.batches("readwrite"), "delete", &entry.key);
    }

    pub(super) fn clear(&self) {
        call(&self.batches("readwrite"), "clear", &UNDEFINED);
    }

    /// The batches, in a transaction of their own. `undefined` if the database is closed.
    fn batches(&self, mode: &str) -> JsValue {
        let transaction = page::call(&self.0, "transaction", BATCHES, mode);
        page::ask(&transaction.unwrap_or_default(), "objectStore", BATCHES)
    }
}

/// How a tab makes sure that no other one sends the same.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Claim {
    /// It has the lock.
    ByLock,
    /// There are no locks (the page came by plain HTTP): it takes each entry out before it is sent, and puts it back if it
    /// could not be sent. What is on its way when the page ends may be lost then, but nothing arrives twice.
    ByTaking,
}

// === impl Entry ===

impl Entry {
    #[expect(clippy::cast_precision_loss, reason = "far below 2⁵³")]
    pub(super) fn new(signal: Signal, bytes: f64, count: usize) -> Self {
        let key = Array::new();
        for part in [
            js_sys::Date::now(),
            js_sys::Math::random(),
            bytes,
            count as f64,
            f64::from(signal as u8),
        ] {
            key.push(&part.into());
        }
        Self::of(key.into())
    }

    #[inline(never)]
    pub(super) fn of(key: JsValue) -> Self {
        Self {
            random: page::number(&key, "1"),
            bytes: page::number(&key, "2"),
            count: page::number(&key, "3"),
            signal: property(&key, "4").as_f64().unwrap_or(f64::MAX),
            key,
        }
    }

    /// What is no number, or negative, is none.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it saturates"
    )]
    pub(super) fn count(&self) -> u64 {
        self.count as u64
    }

    /// `None` for a key that a later version has written.
    pub(super) fn signal(&self) -> Option<Signal> {
        let is_it = |it: &Signal| f64::from(*it as u8) == self.signal;
        Signal::ALL.into_iter().find(is_it)
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.random == other.random
    }
}

/// Calls a method. `undefined` if that is not possible.
#[inline(never)]
fn call(object: &JsValue, method: &str, argument: &JsValue) -> JsValue {
    page::call(object, method, argument, UNDEFINED).unwrap_or_default()
}

/// Calls back when a request or a transaction is done, or has failed.
#[inline(never)]
fn when_done(target: &JsValue, then: Then) {
    let then = Cell::new(Some(then));
    let ended = page::function(Box::new(move |event, _, _| {
        // A transaction that fails is told of twice: by what failed in it, and when it is undone.
        if let Some(then) = then.take() {
            let kind = property(&event, "type");
            let is_done = kind == "success" || kind == "complete";
            then(match is_done {
                true => property(&event, "target"),
                false => UNDEFINED,
            });
        }
        Ok(UNDEFINED)
    }));
    for event in ["onsuccess", "oncomplete", "onerror", "onabort"] {
        page::set(target, event, &ended);
    }
}
