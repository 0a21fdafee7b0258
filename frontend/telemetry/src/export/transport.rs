//! One OTLP/HTTP request, over the `fetch` that the page had before ours.

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;

use std::time::Duration;

use js_sys::{Function, Object, Promise, Uint8Array};
use throughline_core::pipeline::{BatchId, DropReason, Outcome};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use super::Signal;
use super::keepalive::KeepaliveLease;
use super::response;
use crate::{clock, page};

/// Whether requests carry the cookies of where they go (`fetch`'s `credentials`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Credentials {
    /// To the page's own origin only.
    #[default]
    SameOrigin,
    /// To another origin too, which must allow it by CORS.
    Include,
    /// Never.
    Omit,
}

/// Where requests go, and how.
#[derive(Debug)]
pub(crate) struct Transport {
    /// `window.fetch` as it was: the exporter must not trace itself.
    pub(crate) fetch: Function,
    /// The address of the collector.
    pub(crate) endpoint: String,
    /// Names and values, beside `content-type`.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) credentials: Credentials,
    pub(crate) timeout: Duration,
}

/// A request and its answer.
pub(super) struct Sent {
    pub(super) signal: Signal,
    /// What it holds; `None`: what was stored.
    pub(super) batch: Option<BatchId>,
    transport: &'static Transport,
    /// Bytes of OTLP.
    body: JsValue,
    #[cfg(feature = "gzip")]
    packed: JsValue,
    #[cfg(feature = "gzip")]
    is_packing: bool,
    /// What is awaited: `fetch`, then one piece of the answer's body after the other.
    promise: JsValue,
    lease: Option<KeepaliveLease>,
    response: JsValue,
    reader: JsValue,
    /// The answer's body, within [`MAX_ANSWER_BYTES`].
    answer: Vec<u8>,
    #[cfg(feature = "clock-offset")]
    asked_at: Duration,
}

/// Bytes of an answer that are read: it is a count and a sentence. What sends more than that is no collector.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

const UNDEFINED: JsValue = JsValue::UNDEFINED;

// === impl Sent ===

impl Sent {
    /// A request without a body, which is to be [written](Self::write).
    pub(super) fn new(
        transport: &'static Transport,
        signal: Signal,
        batch: Option<BatchId>,
    ) -> Box<Self> {
        Box::new(Self {
            transport,
            signal,
            batch,
            body: UNDEFINED,
            #[cfg(feature = "gzip")]
            packed: UNDEFINED,
            #[cfg(feature = "gzip")]
            is_packing: false,
            promise: UNDEFINED,
            lease: None,
            response: UNDEFINED,
            reader: UNDEFINED,
            answer: Vec::new(),
            #[cfg(feature = "clock-offset")]
            asked_at: Duration::ZERO,
        })
    }

    /// Its batch, if the body is still to be written.
    pub(super) fn unwritten(&self) -> Option<BatchId> {
        self.batch.filter(|_| self.body.is_undefined())
    }

    /// Sets the body: bytes of OTLP.
    pub(super) fn write(&mut self, body: JsValue) {
        self.body = body;
    }

    pub(super) fn has_begun(&self) -> bool {
        !self.promise.is_undefined()
    }

    /// Where it goes.
    pub(super) fn address(&self) -> String {
        self.signal.address(&self.transport.endpoint)
    }

    /// What the collector says.
    pub(super) fn answer(&self) -> &[u8] {
        &self.answer
    }

    /// The body as it was before it was compressed.
    #[cfg(feature = "offline")]
    pub(super) fn plain(&self) -> &JsValue {
        &self.body
    }

    /// Begins to compress the body, where that is worth it and the browser can. Whether it has.
    #[cfg(feature = "gzip")]
    pub(super) fn pack(&mut self) -> bool {
        let Some(packed) = super::gzip::compressed(&self.body) else {
            return false;
        };
        self.promise = packed;
        self.is_packing = true;
        true
    }

    /// Whether what is awaited is the compressed body. To be asked once.
    #[cfg(feature = "gzip")]
    pub(super) fn is_packed(&mut self) -> bool {
        std::mem::take(&mut self.is_packing)
    }

    /// Takes the compressed body. If that has failed, it is sent as it is.
    #[cfg(feature = "gzip")]
    pub(super) fn take_packed(&mut self, packed: Result<JsValue, JsValue>) {
        if let Ok(buffer) = packed {
            self.packed = page::new("Uint8Array", buffer);
        }
    }

    /// The bytes that are sent.
    fn bytes(&self) -> &JsValue {
        #[cfg(feature = "gzip")]
        if !self.packed.is_undefined() {
            return &self.packed;
        }
        &self.body
    }

    /// Asks for it, with keepalive if the quota has room: a page that is left does not lose it then. The body is with the
    /// browser when this returns: in `pagehide` there is no later.
    pub(super) fn start(&mut self) {
        self.lease = KeepaliveLease::take(length(self.bytes()));
        self.ask();
    }

    fn ask(&mut self) {
        let transport = self.transport;
        let init = Object::new();
        page::set(&init, "method", "POST");
        page::set(&init, "headers", self.headers());
        page::set(&init, "body", self.bytes());
        page::set(&init, "credentials", transport.credentials.as_str());
        page::set(&init, "keepalive", self.lease.is_some());
        // Until the answer has been read: what never ends would hold the quota for ever.
        let timeout = page::property(&js_sys::global(), "AbortSignal");
        let millis = transport.timeout.as_secs_f64() * 1e3;
        page::set(&init, "signal", call(&timeout, "timeout", millis.into()));
        #[cfg(feature = "clock-offset")]
        {
            self.asked_at = clock::monotonic();
        }
        let address = self.address().into();
        let asked = page::apply(
            &transport.fetch,
            &UNDEFINED,
            address,
            init.into(),
            UNDEFINED,
        );
        // A stub of the page's tests may throw or return what it likes: that is no answer.
        self.promise = asked.unwrap_or(JsValue::NULL);
    }

    fn headers(&self) -> Object {
        let headers = Object::new();
        page::set(&headers, "content-type", "application/x-protobuf");
        for (name, value) in &self.transport.headers {
            if is_header(name, value) {
                page::set(&headers, name, value.as_str());
            }
        }
        #[cfg(feature = "gzip")]
        if !self.packed.is_undefined() {
            page::set(&headers, "content-encoding", "gzip");
        }
        headers
    }

    /// Waits for what is next: the answer's head, or a piece of its body.
    pub(super) fn next(&self) -> JsFuture {
        // A stub of the page's tests may return what it likes.
        JsFuture::from(Promise::resolve(&self.promise))
    }

    /// Takes what was waited for. `None` if there is more to come.
    ///
    /// The body is read too: until then Chromium counts the request as in flight (crbug.com/546438373), and after nine of
    /// those no keepalive request is accepted any more. The answer counts even if its body breaks off.
    pub(super) fn take(&mut self, next: Result<JsValue, JsValue>) -> Option<Outcome> {
        let is_read = match next {
            next if !self.response.is_undefined() => !self.read(&next.unwrap_or_default()),
            Ok(response) => {
                #[cfg(feature = "clock-offset")]
                if let Some(date) = header(&response, "date").as_deref().and_then(date) {
                    clock::offset::observe(date, self.asked_at);
                }
                let body = page::property(&response, "body");
                self.reader = call(&body, "getReader", UNDEFINED);
                self.response = response;
                false
            }
            // What was refused with keepalive has a second chance without: the quota is the whole page's, and the
            // application may have used it up. What was not answered in time may have arrived.
            Err(error) => {
                let is_late = page::property(&error, "name") == "TimeoutError";
                if self.lease.take().is_some() && !is_late {
                    self.ask();
                    return None;
                }
                true
            }
        };
        if !is_read {
            self.promise = call(&self.reader, "read", UNDEFINED);
            if !self.promise.is_undefined() {
                return None;
            }
        }
        self.lease = None;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it saturates"
        )]
        let status = page::number(&self.response, "status") as u16;
        let retry_after = header(&self.response, "retry-after");
        Some(outcome(status, retry_after.as_deref(), &self.answer))
    }

    /// Takes what a reader has read. Whether there may be more.
    fn read(&mut self, piece: &JsValue) -> bool {
        let piece = page::property(piece, "value");
        let length = length(&piece);
        if self.answer.len() + length > MAX_ANSWER_BYTES {
            call(&self.reader, "cancel", UNDEFINED);
            return false;
        }
        if length > 0 {
            let piece: &Uint8Array = piece.unchecked_ref();
            self.answer.extend(piece.to_vec());
        }
        !piece.is_undefined()
    }
}

/// Of an array of bytes.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it saturates"
)]
fn length(bytes: &JsValue) -> usize {
    page::number(bytes, "length") as usize
}

/// What a method gives; `undefined` if that is not possible.
#[inline(never)]
fn call(object: &JsValue, method: &str, argument: JsValue) -> JsValue {
    page::call(object, method, argument, UNDEFINED).unwrap_or_default()
}

fn header(response: &JsValue, name: &str) -> Option<String> {
    let headers = page::property(response, "headers");
    call(&headers, "get", name.into()).as_string()
}

/// Whether `fetch` takes this: one that it does not would be the end of all exports (Fetch, "header name", "header value").
#[inline(never)]
pub(super) fn is_header(name: &str, value: &str) -> bool {
    let is_token = |it: u8| {
        it.is_ascii_graphic()
            && !matches!(it, b'"' | b'(' | b')' | b',' | b'/' | b':'..=b'@' | b'['..=b']' | b'{' | b'}')
    };
    // Up to U+00FF, whose first byte is 0xC3 in UTF-8.
    let is_text = |it: u8| it <= 0xc3 && !matches!(it, 0 | b'\n' | b'\r');
    !name.is_empty() && name.bytes().all(is_token) && value.bytes().all(is_text)
}

/// What an answer means (OTLP/HTTP, 1.10: Failures). Status 0 is none.
fn outcome(status: u16, retry_after: Option<&str>, body: &[u8]) -> Outcome {
    match status {
        200..=299 => Outcome::Exported {
            rejected: response::partial_success(body).rejected,
        },
        0 | 429 | 502 | 503 | 504 => Outcome::Retry {
            after: retry_after.and_then(pause),
        },
        _ => Outcome::Dropped(DropReason::Rejected),
    }
}

/// `Retry-After`: seconds, or a date.
fn pause(value: &str) -> Option<Duration> {
    let mut seconds = 0_u32;
    for byte in value.bytes() {
        if !byte.is_ascii_digit() {
            let left = clock::from_millis(date(value)?).checked_sub(clock::date())?;
            return Some(Duration::from_nanos(left));
        }
        // No pause is as long as that.
        seconds = seconds.min(100_000_000) * 10 + u32::from(byte & 15);
    }
    Some(Duration::from_secs(seconds.into()))
}

/// A date of HTTP, in milliseconds since 1970. Not a number, if it is none.
#[inline(never)]
fn date(text: &str) -> Option<f64> {
    page::ask(&page::global("Date"), "parse", text).as_f64()
}

// === impl Credentials ===

impl Credentials {
    fn as_str(self) -> &'static str {
        match self {
            Self::SameOrigin => "same-origin",
            Self::Include => "include",
            Self::Omit => "omit",
        }
    }
}
