//! One OTLP/HTTP request, over the `fetch` that the page had before ours.

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;

use std::rc::Rc;
use std::time::Duration;

use js_sys::{Date, Function, Object, Promise, Uint8Array};
use throughline_core::pipeline::{DropReason, Outcome};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

use super::Signal;
use super::keepalive::KeepaliveLease;
use crate::otlp::{cut, response};
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

/// Whether the page goes away, so that nothing can be awaited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leaving {
    Yes,
    No,
}

/// A request on its way.
pub(super) struct Sent {
    transport: Rc<Transport>,
    signal: Signal,
    body: Body,
    /// Asked for already.
    begun: Option<Result<JsValue, JsValue>>,
    lease: Option<KeepaliveLease>,
    #[cfg(feature = "clock-offset")]
    asked_at: Duration,
}

/// What is sent.
pub(super) struct Body {
    pub(super) bytes: JsValue,
    pub(super) len: usize,
    pub(super) is_gzip: bool,
}

/// What became of a request.
pub(super) struct Answer {
    pub(super) outcome: Outcome,
    /// What the collector says about it.
    pub(super) message: String,
}

const UNDEFINED: JsValue = JsValue::UNDEFINED;

/// Bytes of what a collector says that are told to the developer.
const MAX_MESSAGE_BYTES: usize = 256;

// === impl Sent ===

impl Sent {
    /// If the page is leaving, the body is with the browser when this returns: in `pagehide` there is no later.
    pub(super) fn begin(
        transport: Rc<Transport>,
        signal: Signal,
        body: &[u8],
        leaving: Leaving,
    ) -> Self {
        let body = Body {
            bytes: Uint8Array::from(body).into(),
            len: body.len(),
            is_gzip: false,
        };
        let mut sent = Self {
            transport,
            signal,
            body,
            begun: None,
            lease: None,
            #[cfg(feature = "clock-offset")]
            asked_at: Duration::ZERO,
        };
        if leaving == Leaving::Yes {
            sent.start();
        }
        sent
    }

    /// Asks for it, with keepalive if the quota has room: a page that is left does not lose it then.
    fn start(&mut self) {
        self.lease = KeepaliveLease::take(self.body.len);
        self.begun = Some(self.ask());
    }

    fn ask(&mut self) -> Result<JsValue, JsValue> {
        let transport = &self.transport;
        let headers = Object::new();
        page::set(&headers, "content-type", "application/x-protobuf");
        for (name, value) in &transport.headers {
            page::set(&headers, name, value.as_str());
        }
        if self.body.is_gzip {
            page::set(&headers, "content-encoding", "gzip");
        }
        let init = Object::new();
        page::set(&init, "method", "POST");
        page::set(&init, "headers", headers);
        page::set(&init, "body", &self.body.bytes);
        page::set(&init, "credentials", transport.credentials.as_str());
        page::set(&init, "keepalive", self.lease.is_some());
        // Until the answer has been read: what never ends would hold the quota for ever.
        let timeout = page::property(&js_sys::global(), "AbortSignal");
        let millis = transport.timeout.as_secs_f64() * 1e3;
        let timeout = page::call(&timeout, "timeout", millis, UNDEFINED);
        page::set(&init, "signal", timeout.unwrap_or_default());
        let endpoint = self.signal.address(&transport.endpoint).into();
        #[cfg(feature = "clock-offset")]
        {
            self.asked_at = clock::monotonic();
        }
        page::apply(
            &transport.fetch,
            &UNDEFINED,
            endpoint,
            init.into(),
            UNDEFINED,
        )
    }

    /// Waits for the answer, and reads it, its body too: until then Chromium counts the request as in flight
    /// (crbug.com/546438373), and after nine of those no keepalive request is accepted any more.
    ///
    /// What was refused with keepalive has a second chance without: the quota is the whole page's, and the application
    /// may have used it up. What was not answered in time may have arrived.
    pub(super) async fn outcome(mut self) -> Answer {
        #[cfg(feature = "gzip")]
        if self.begun.is_none() {
            super::gzip::compress(&mut self.body).await;
            if !crate::consent::is_given() {
                return Outcome::Dropped(DropReason::Disabled).into();
            }
        }
        if self.begun.is_none() {
            self.start();
        }
        let mut response = JsValue::UNDEFINED;
        loop {
            let asked = self.begun.take().unwrap_or_else(|| self.ask());
            let result = match asked {
                // A stub of the page's tests may return what it likes.
                Ok(promise) => JsFuture::from(Promise::resolve(&promise)).await,
                refused => refused,
            };
            if !response.is_undefined() {
                // The answer counts even if its body breaks off.
                return answer(&response, result.ok());
            }
            match result {
                Ok(it) => {
                    #[cfg(feature = "clock-offset")]
                    if let Some(date) = header(&it, "date") {
                        clock::offset::observe(Date::parse(&date), self.asked_at);
                    }
                    self.begun = Some(page::call(&it, "arrayBuffer", UNDEFINED, UNDEFINED));
                    response = it;
                }
                Err(error) => {
                    let is_late = page::property(&error, "name") == "TimeoutError";
                    if self.lease.take().is_none() || is_late {
                        return Answer::from(Outcome::Retry { after: None });
                    }
                }
            }
        }
    }
}

fn header(response: &JsValue, name: &str) -> Option<String> {
    let headers = page::property(response, "headers");
    let header = page::call(&headers, "get", name, UNDEFINED);
    header.ok()?.as_string()
}

#[inline(never)]
fn answer(response: &JsValue, body: Option<JsValue>) -> Answer {
    let retry_after = header(response, "retry-after").as_deref().and_then(pause);
    let body = body.map(|body| Uint8Array::new(&body).to_vec());
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it saturates"
    )]
    let status = page::number(response, "status") as u16;
    read(status, retry_after, &body.unwrap_or_default())
}

/// What an answer means (OTLP/HTTP, 1.10: Failures).
fn read(status: u16, retry_after: Option<Duration>, body: &[u8]) -> Answer {
    match status {
        200..=299 => {
            let partial = response::partial_success(body);
            Answer {
                outcome: Outcome::Exported {
                    rejected: partial.rejected,
                },
                message: cut(partial.error_message, MAX_MESSAGE_BYTES).to_owned(),
            }
        }
        429 | 502 | 503 | 504 => Outcome::Retry { after: retry_after }.into(),
        _ => Outcome::Dropped(DropReason::Rejected).into(),
    }
}

/// `Retry-After`: seconds, or a date.
fn pause(value: &str) -> Option<Duration> {
    let value = value.trim_ascii();
    let mut seconds = 0_u64;
    for byte in value.bytes() {
        if !byte.is_ascii_digit() {
            let left = Date::parse(value) - Date::now();
            return (left > 0.0).then(|| Duration::from_nanos(clock::from_millis(left)));
        }
        seconds = seconds
            .saturating_mul(10)
            .saturating_add((byte & 15).into());
    }
    Some(Duration::from_secs(seconds))
}

impl From<Outcome> for Answer {
    fn from(outcome: Outcome) -> Self {
        Self {
            outcome,
            message: String::new(),
        }
    }
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
