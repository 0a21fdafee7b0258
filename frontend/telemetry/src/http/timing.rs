//! What the browser measured of a request's way through the network, from Resource Timing.
//!
//! The entry of a request is made when its body is complete, which is after the end of its span. So the span ends when
//! it ends, and what is exported of it waits for the entry, for [`MAX_WAIT_MILLIS`] at most: bodies that take longer have
//! spans without timings. Nothing is told of a cross-origin request without `Timing-Allow-Origin`.

use std::cell::RefCell;

use throughline_core::names::network::PROTOCOL_VERSION;
use wasm_bindgen::JsValue;

use super::{Open, Target};
use crate::export::{self, Signal};
use crate::otlp::{Any, Attributes};
use crate::performance::{self, Observer, number, text};
use crate::span::Ended;
use crate::{clock, page};

/// Milliseconds, a double, of each phase that took place: a connection that was open already has no `dns`, `connect`
/// and `tls`. `request` is from the request's first byte to the answer's first, `response` from there to its last.
/// `connect` includes `tls`.
const PHASES: [(&str, &str, &str); 5] = [
    (
        "throughline.network.dns_ms",
        "domainLookupStart",
        "domainLookupEnd",
    ),
    (
        "throughline.network.connect_ms",
        "connectStart",
        "connectEnd",
    ),
    (
        "throughline.network.tls_ms",
        "secureConnectionStart",
        "connectEnd",
    ),
    (
        "throughline.network.request_ms",
        "requestStart",
        "responseStart",
    ),
    (
        "throughline.network.response_ms",
        "responseStart",
        "responseEnd",
    ),
];

const PROTOCOL_NAME: &str = "network.protocol.name";
const BODY_SIZE: &str = "http.response.body.size";

/// Two readings of the browser's clock at the same time differ by no more.
const RESOLUTION_MILLIS: f64 = 0.05;
/// How long what has ended waits for its timings.
const MAX_WAIT_MILLIS: f64 = 1000.0;
/// Requests that wait at once. Further ones have no timings.
const MAX_WAITING: usize = 256;

/// A request's address and time.
#[derive(Debug)]
pub(crate) struct Begun {
    url: String,
    /// On the clock of `performance.now()`, in milliseconds.
    at: f64,
}

/// A request whose span has ended.
struct Waiting {
    begun: Begun,
    /// On the clock of `performance.now()`, in milliseconds.
    since: f64,
    span: Ended,
}

#[derive(Default)]
struct Table {
    /// In the order in which they ended.
    waiting: Vec<Waiting>,
    /// It is told of all resources, once one request has waited. `None` inside: the browser tells of none.
    observer: Option<Option<Observer>>,
    is_timer_set: bool,
}

thread_local! {
    static TABLE: RefCell<Table> = RefCell::default();
}

// === impl Begun ===

impl Begun {
    pub(crate) fn now(target: &Target) -> Self {
        Self {
            url: target.address.clone(),
            at: performance::now(),
        }
    }
}

/// Ends the span of a request that was answered, now. It goes on its way when its timings are there.
pub(crate) fn end(mut request: Box<Open>) {
    let Some(span) = request.span.end_apart() else {
        return;
    };
    let is_observing = table(|table| table.observer.is_some()) == Some(true);
    let observer = (!is_observing).then(|| performance::observe("resource", 0, see));
    let mut ended = Some(Waiting {
        begun: request.begun,
        since: performance::now(),
        span,
    });
    let is_timer_due = table(|table| {
        if let Some(observer) = observer {
            table.observer = Some(observer);
        }
        let is_told = matches!(table.observer, Some(Some(_)));
        if is_told && table.waiting.len() < MAX_WAITING {
            table.waiting.extend(ended.take());
        }
        ended.is_none() && !std::mem::replace(&mut table.is_timer_set, true)
    });
    if is_timer_due == Some(true) {
        set_timer();
    }
    if let Some(ended) = ended {
        record(ended);
    }
}

/// Nobody waits for timings any more: the page is being left, or wants everything sent.
pub(crate) fn end_waiting() {
    release(f64::INFINITY);
}

/// The browser tells of a resource. Of requests to the same address, its own is the last one before its start.
fn see(entry: &JsValue) {
    let found = table(|table| {
        if table.waiting.is_empty() {
            return None;
        }
        let (url, start) = (text(entry, "name"), number(entry, "startTime"));
        let (mut index, mut last) = (None, f64::NEG_INFINITY);
        for (at, Waiting { begun, .. }) in table.waiting.iter().enumerate() {
            if begun.at <= start + RESOLUTION_MILLIS && begun.at > last && begun.url == url {
                (index, last) = (Some(at), begun.at);
            }
        }
        index.map(|index| table.waiting.remove(index))
    });
    if let Some(mut waiting) = found.flatten() {
        waiting
            .span
            .set(|attributes, max| set(attributes, max, entry));
        record(waiting);
    }
}

fn set(attributes: &mut Attributes, max: usize, entry: &JsValue) {
    for (key, from, to) in PHASES {
        let (from, to) = (number(entry, from), number(entry, to));
        if from > 0.0 && to > from {
            attributes.set(key, &Any::Double(to - from), max);
        }
    }
    let protocol = text(entry, "nextHopProtocol");
    let version = match protocol.as_str() {
        "h2" | "h2c" => "2",
        "h3" => "3",
        other => other.strip_prefix("http/").unwrap_or_default(),
    };
    if !version.is_empty() {
        attributes.set(PROTOCOL_NAME, &Any::Text("http"), max);
        attributes.set(PROTOCOL_VERSION, &Any::Text(version), max);
    }
    let size = number(entry, "encodedBodySize");
    if size > 0.0 {
        #[expect(clippy::cast_possible_truncation, reason = "a whole number")]
        attributes.set(BODY_SIZE, &Any::Int(size as i64), max);
    }
}

fn set_timer() {
    page::set_timeout(&page::calling(on_time), MAX_WAIT_MILLIS);
}

fn on_time() {
    release(performance::now() - MAX_WAIT_MILLIS);
    let is_any_left = table(|table| {
        table.is_timer_set = !table.waiting.is_empty();
        table.is_timer_set
    });
    if is_any_left == Some(true) {
        set_timer();
    }
}

/// Lets all go that have waited since before this time.
fn release(before: f64) {
    let over = table(|table| {
        let over = table.waiting.iter().take_while(|it| it.since <= before);
        let count = over.count();
        table.waiting.drain(..count).collect::<Vec<_>>()
    });
    over.into_iter().flatten().for_each(record);
}

fn record(waiting: Waiting) {
    export::record(
        Signal::Traces,
        waiting.span.into_item(),
        clock::monotonic_nanos(),
    );
}

/// What `f` says; `None` while the table is in use. Nothing else may run in it.
fn table<T>(f: impl FnOnce(&mut Table) -> T) -> Option<T> {
    TABLE.with(|table| Some(f(&mut *table.try_borrow_mut().ok()?)))
}
