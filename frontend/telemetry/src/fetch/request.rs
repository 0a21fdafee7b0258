//! What a call of `fetch` asks for, in all the forms in which it can be said.

use opentelemetry::propagation::Injector;
use throughline_core::w3c;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{AbortSignal, Headers, RequestInit, Url, Window};

use crate::page;

/// Methods that `fetch` turns into upper case (Fetch, "normalize"). `patch` is not among them.
const NORMALIZED: [&str; 6] = ["DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"];

/// Where a request goes.
pub(super) struct Target {
    pub(super) method: String,
    pub(super) url: Url,
}

/// The arguments of the call.
pub(super) struct Request {
    input: JsValue,
    init: JsValue,
}

/// A request whose headers take the context.
pub(super) struct Carrier {
    request: web_sys::Request,
    headers: Headers,
    /// The page has set `traceparent` itself: then all of it is the page's.
    is_taken: bool,
}

// === impl Target ===

impl Target {
    /// `None` if there is no such address, as `fetch` will say, or if it is not one of HTTP: what `data:` and `blob:`
    /// mean is in the page already.
    pub(super) fn of(window: &Window, input: &JsValue, init: &JsValue) -> Option<Self> {
        let request = input.dyn_ref::<web_sys::Request>();
        let url = match request {
            Some(request) => request.url(),
            None => address(input)?,
        };
        let base = window
            .document()
            .and_then(|document| document.base_uri().ok().flatten());
        let url = Url::new_with_base(&url, &base.unwrap_or_default()).ok()?;
        if !matches!(url.protocol().as_str(), "http:" | "https:") {
            return None;
        }
        let method = page::property(init, "method").as_string();
        let method = method.or_else(|| request.map(web_sys::Request::method));
        Some(Self {
            method: normalized(method),
            url,
        })
    }

    /// The port, also where it is the scheme's own.
    pub(super) fn port(&self) -> Option<i64> {
        self.url
            .port()
            .parse()
            .ok()
            .or(match self.url.protocol().as_str() {
                "http:" => Some(80),
                "https:" => Some(443),
                _ => None,
            })
    }
}

fn normalized(method: Option<String>) -> String {
    let Some(method) = method else {
        return "GET".to_owned();
    };
    let upper = method.to_ascii_uppercase();
    if NORMALIZED.contains(&upper.as_str()) {
        upper
    } else {
        method
    }
}

/// A string, or a `URL`. What else `fetch` may make an address of is not worth running its code twice.
fn address(input: &JsValue) -> Option<String> {
    input
        .as_string()
        .or_else(|| input.dyn_ref::<Url>().map(Url::href))
}

// === impl Request ===

impl Request {
    pub(super) fn new(input: &JsValue, init: &JsValue) -> Self {
        Self {
            input: input.clone(),
            init: init.clone(),
        }
    }

    pub(super) fn carrier(&self) -> Option<Carrier> {
        let init: &RequestInit = self.init.unchecked_ref();
        let has_init = !self.init.is_undefined();
        let request = match (self.input.dyn_ref::<web_sys::Request>(), has_init) {
            (Some(request), true) => web_sys::Request::new_with_request_and_init(request, init),
            (Some(request), false) => web_sys::Request::new_with_request(request),
            (None, _) => {
                let url = address(&self.input)?;
                match has_init {
                    true => web_sys::Request::new_with_str_and_init(&url, init),
                    false => web_sys::Request::new_with_str(&url),
                }
            }
        };
        let request = request.ok()?;
        let headers = request.headers();
        let is_taken = headers.has(w3c::TRACEPARENT).unwrap_or(false);
        Some(Carrier {
            request,
            headers,
            is_taken,
        })
    }

    /// Whether `reason` is that the caller aborted, and not a timeout that the caller set.
    pub(super) fn was_aborted(&self, reason: &JsValue) -> bool {
        let name = page::property(reason, "name").as_string();
        match name.as_deref() {
            Some("AbortError") => true,
            Some("TimeoutError") => false,
            // `abort(reason)`: the reason can be anything, and is the signal's.
            _ => [&self.init, &self.input]
                .into_iter()
                .filter_map(|it| page::property(it, "signal").dyn_into::<AbortSignal>().ok())
                .any(|signal| signal.aborted() && page::property(&signal, "reason") == *reason),
        }
    }
}

// === impl Carrier ===

impl Carrier {
    pub(super) fn into_request(self) -> JsValue {
        self.request.into()
    }
}

impl Injector for Carrier {
    fn set(&mut self, key: &str, value: String) {
        // Refused for `no-cors` requests: those go without.
        if !self.is_taken {
            let _ = self.headers.set(key, &value);
        }
    }
}
