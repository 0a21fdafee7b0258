//! What the browser measured of a request's way through the network, from Resource Timing.
//!
//! The entry of a request is made when its body is complete, which is after the end of its span. So the span ends when
//! it ends, and what is exported of it waits for the entry, for [`MAX_WAIT_MILLIS`] at most: bodies that take longer have
//! spans without timings. Nothing is told of a cross-origin request without `Timing-Allow-Origin`.

use std::cell::Cell;

use throughline_core::names::network::PROTOCOL_VERSION;
use throughline_core::otlp::{Any, Attributes, Max};
use wasm_bindgen::JsValue;

use super::{Open, Target};
use crate::export::{self, Signal};
use crate::performance::{self, number, text};
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
    /// The list goes on here.
    next: Option<Box<Waiting>>,
}

#[derive(Clone, Copy)]
struct State {
    /// Whether the browser tells of resources. It is asked when the first request could wait.
    is_told: Option<bool>,
    is_timer_set: bool,
    /// How many requests wait.
    waiting: usize,
}

thread_local! {
    static STATE: Cell<State> = const {
        Cell::new(State { is_told: None, is_timer_set: false, waiting: 0 })
    };
    /// In no order. Taken out while it is changed.
    static WAITING: Cell<Option<Box<Waiting>>> = const { Cell::new(None) };
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
#[inline(never)]
pub(crate) fn end(mut request: Box<Open>) {
    let Some(span) = request.span.end_apart() else {
        return;
    };
    let mut state = STATE.get();
    let is_told = state
        .is_told
        .unwrap_or_else(|| performance::observe(&["resource"], see).is_some());
    state.is_told = Some(is_told);
    let ended = Box::new(Waiting {
        begun: request.begun,
        since: performance::now(),
        span,
        next: None,
    });
    if is_told && state.waiting < MAX_WAITING {
        push(ended);
        state.waiting += 1;
        if !state.is_timer_set {
            state.is_timer_set = true;
            set_timer();
        }
        STATE.set(state);
    } else {
        STATE.set(state);
        record(*ended);
    }
}

/// Nobody waits for timings any more: the page is being left, or wants everything sent.
pub(crate) fn end_waiting() {
    release(f64::INFINITY);
}

/// The browser tells of a resource. Of requests to the same address, its own is the last one before its start.
fn see(entry: &JsValue) {
    if STATE.get().waiting == 0 {
        return;
    }
    let url = text(entry, "name");
    let start = number(entry, "startTime") + RESOLUTION_MILLIS;
    let mut last: Option<Box<Waiting>> = None;
    let mut rest = WAITING.take();
    while let Some(mut it) = rest {
        rest = it.next.take();
        let before = last
            .as_ref()
            .map_or(f64::NEG_INFINITY, |last| last.begun.at);
        if it.begun.at <= start && it.begun.at > before && it.begun.url == url {
            if let Some(other) = last.replace(it) {
                push(other);
            }
        } else {
            push(it);
        }
    }
    if let Some(mut it) = last {
        it.span.set(|attributes, max| set(attributes, max, entry));
        done(*it);
    }
}

fn set(attributes: &mut Attributes, max: Max, entry: &JsValue) {
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
    let mut state = STATE.get();
    state.is_timer_set = state.waiting > 0;
    STATE.set(state);
    if state.is_timer_set {
        set_timer();
    }
}

/// Lets all go that have waited since before this time.
fn release(before: f64) {
    let mut rest = WAITING.take();
    while let Some(mut it) = rest {
        rest = it.next.take();
        if it.since <= before {
            done(*it);
        } else {
            push(it);
        }
    }
}

#[inline(never)]
fn push(mut it: Box<Waiting>) {
    it.next = WAITING.take();
    WAITING.set(Some(it));
}

/// It waits no more.
fn done(it: Waiting) {
    let mut state = STATE.get();
    state.waiting -= 1;
    STATE.set(state);
    record(it);
}

#[inline(never)]
fn record(it: Waiting) {
    let now = clock::monotonic_nanos();
    export::record(Signal::Traces, it.span.into_item(), now);
}
