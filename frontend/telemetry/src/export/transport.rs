//! One OTLP/HTTP request, over the `fetch` that the page had before ours.

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;

use std::time::Duration;

use js_sys::{Date, Function, Promise, Reflect, Uint8Array};
use prost::Message;
use throughline_core::pipeline::{DropReason, Outcome};
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, Headers, RequestInit, Response};

use super::keepalive::KeepaliveLease;
use super::otlp::ExportTraceServiceResponse;
use crate::page;

/// Where requests go, and how.
#[derive(Debug)]
pub(crate) struct Transport {
    /// `window.fetch` as it was: the exporter must not trace itself.
    pub(crate) fetch: Function,
    pub(crate) endpoint: String,
    pub(crate) timeout: Duration,
}

/// A request on its way.
#[derive(Debug)]
pub(crate) struct Request {
    response: Promise,
    lease: Option<KeepaliveLease>,
    timeout: Option<i32>,
}

// === impl Transport ===

impl Transport {
    /// Hands the body to the browser, before it returns: in `pagehide` there is no later.
    pub(crate) fn send(&self, body: &[u8]) -> Result<Request, JsValue> {
        // A refused lease, or a refusal in spite of one (the application uses keepalive too): without.
        let lease = KeepaliveLease::take(body.len());
        self.send_with(body, lease)
    }

    pub(crate) fn send_with(
        &self,
        body: &[u8],
        lease: Option<KeepaliveLease>,
    ) -> Result<Request, JsValue> {
        let headers = Headers::new()?;
        headers.set("content-type", "application/x-protobuf")?;
        let init = RequestInit::new();
        init.set_method("POST");
        init.set_headers(&headers);
        init.set_body(&Uint8Array::from(body));
        if lease.is_some() {
            Reflect::set(&init, &JsValue::from_str("keepalive"), &JsValue::TRUE)?;
        }
        let timeout = self.limit_time(&init);
        let window = page::window().map_or(JsValue::UNDEFINED, JsValue::from);
        let response = self
            .fetch
            .call2(&window, &JsValue::from_str(&self.endpoint), &init)?;
        // A stub of the page's tests may return what it likes.
        let response = response
            .dyn_into()
            .unwrap_or_else(|it| Promise::resolve(&it));
        Ok(Request {
            response,
            lease,
            timeout,
        })
    }

    fn limit_time(&self, init: &RequestInit) -> Option<i32> {
        let controller = AbortController::new().ok()?;
        init.set_signal(Some(&controller.signal()));
        let abort = Closure::once_into_js(move || controller.abort());
        let millis = i32::try_from(self.timeout.as_millis()).unwrap_or(i32::MAX);
        page::window()?
            .set_timeout_with_callback_and_timeout_and_arguments_0(abort.unchecked_ref(), millis)
            .ok()
    }
}

// === impl Request ===

impl Request {
    pub(crate) fn has_keepalive(&self) -> bool {
        self.lease.is_some()
    }

    /// Waits for the answer. Its body is always read: until then Chromium counts the request as in flight
    /// (crbug.com/546438373), and after nine of those no keepalive request is accepted any more.
    pub(crate) async fn outcome(self) -> Result<Outcome, JsValue> {
        let answer = answer(self.response).await;
        if let (Some(timeout), Some(window)) = (self.timeout, page::window()) {
            window.clear_timeout_with_handle(timeout);
        }
        drop(self.lease);
        let (status, retry_after, body) = answer?;
        let retry_after = retry_after.as_deref().and_then(pause);
        Ok(outcome(status, retry_after, &body))
    }
}

/// Whether a request failed because its time was over.
pub(crate) fn is_late(error: &JsValue) -> bool {
    page::property(error, "name") == "AbortError"
}

async fn answer(response: Promise) -> Result<(u16, Option<String>, Vec<u8>), JsValue> {
    let response: Response = JsFuture::from(response).await?.dyn_into()?;
    let retry_after = response.headers().get("retry-after").ok().flatten();
    // The answer counts even if its body breaks off.
    let body = match response.array_buffer() {
        Ok(body) => JsFuture::from(body).await.ok(),
        Err(_) => None,
    };
    let body = body
        .map(|body| Uint8Array::new(&body).to_vec())
        .unwrap_or_default();
    Ok((response.status(), retry_after, body))
}

/// What an answer means (OTLP/HTTP, 1.10: Failures).
fn outcome(status: u16, retry_after: Option<Duration>, body: &[u8]) -> Outcome {
    match status {
        200..=299 => Outcome::Exported {
            rejected: rejected(body),
        },
        429 | 502 | 503 | 504 => Outcome::Retry { after: retry_after },
        _ => Outcome::Dropped(DropReason::Rejected),
    }
}

fn rejected(body: &[u8]) -> u64 {
    let Ok(response) = ExportTraceServiceResponse::decode(body) else {
        return 0;
    };
    let Some(partial) = response.partial_success else {
        return 0;
    };
    if !partial.error_message.is_empty() {
        page::warn(&format!("the collector says: {}", partial.error_message));
    }
    u64::try_from(partial.rejected_spans).unwrap_or(0)
}

/// `Retry-After`: seconds, or a date.
fn pause(value: &str) -> Option<Duration> {
    if let Ok(seconds) = value.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    Duration::try_from_secs_f64((Date::parse(value) - Date::now()) / 1e3).ok()
}
