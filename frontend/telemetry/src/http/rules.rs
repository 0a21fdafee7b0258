//! Which requests are traced, and which of them carry the context.

use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Request, Window};

use crate::page;

/// What the page's developer decides about requests. Addresses may be relative to the page; what is none is told in the
/// console and left out.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    /// The addresses that telemetry is sent to, of all signals: requests to them are our own.
    pub(crate) endpoints: Vec<String>,
    /// Absolute addresses, of whose origins only counts: beside the page's own, these get the context.
    pub(crate) propagate_to: Vec<String>,
    /// Requests that are not traced: an address (its query included), or the beginning of one and `*`.
    pub(crate) ignore: Vec<String>,
}

/// The settings, made comparable.
#[derive(Debug)]
pub(crate) struct Rules {
    endpoints: Vec<String>,
    origins: Vec<String>,
    ignored: Vec<String>,
}

/// Where a request goes: an absolute address in the browser's normal form, and its parts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target<'a> {
    pub(crate) url: &'a str,
    pub(crate) origin: &'a str,
    pub(crate) host: &'a str,
    /// Also where it is the scheme's own.
    pub(crate) port: u32,
}

/// The absolute address that `fetch` would make of this one. `None` if it would refuse.
pub(crate) fn absolute(address: &JsValue) -> Option<String> {
    let request = Request::new_with_request_and_init(
        address.unchecked_ref(),
        JsValue::UNDEFINED.unchecked_ref(),
    );
    request.ok().map(|it| it.url())
}

// === impl Rules ===

impl Rules {
    pub(crate) fn new(window: &Window, settings: &Settings) -> Self {
        let mut origins = vec![window.location().origin().unwrap_or_default()];
        for address in &settings.propagate_to {
            // A relative one would silently be the page's own origin.
            let is_absolute = address.as_bytes().windows(3).any(|it| it == b"://");
            let url = if is_absolute { resolved(address) } else { None };
            match url.as_deref().and_then(Target::of) {
                Some(target) => origins.push(target.origin.to_owned()),
                None => refuse(address),
            }
        }
        Self {
            endpoints: all_resolved(&settings.endpoints),
            ignored: all_resolved(&settings.ignore),
            origins,
        }
    }

    /// Where a request for this absolute address goes. `None` if it is not traced: one of ours, one to be ignored, or
    /// none over HTTP (what `data:` and `blob:` mean is in the page already).
    pub(crate) fn target<'a>(&self, url: &'a str) -> Option<Target<'a>> {
        let whole = without_fragment(url);
        let address = before(url, b"?#");
        let is_ignored = |pattern: &String| match pattern.strip_suffix('*') {
            Some(beginning) => url.starts_with(beginning),
            None => pattern == whole,
        };
        if self.endpoints.iter().any(|it| it == address) || self.ignored.iter().any(is_ignored) {
            return None;
        }
        Target::of(url)
    }

    /// Whether the target may have the context.
    pub(crate) fn allow(&self, target: &Target<'_>) -> bool {
        self.origins.iter().any(|it| it == target.origin)
    }
}

fn all_resolved(addresses: &[String]) -> Vec<String> {
    let mut all = Vec::with_capacity(addresses.len());
    for address in addresses {
        match resolved(address) {
            Some(url) => all.push(url),
            None => refuse(address),
        }
    }
    all
}

fn resolved(address: &str) -> Option<String> {
    absolute(&JsValue::from_str(address))
}

fn refuse(address: &str) {
    page::warn(&["no address of a server: ", address].concat());
}

/// The address as it is sent.
pub(crate) fn without_fragment(url: &str) -> &str {
    before(url, b"#")
}

/// `text` up to the first of some characters.
fn before<'a>(text: &'a str, ends: &[u8]) -> &'a str {
    let end = text.bytes().position(|byte| ends.contains(&byte));
    end.and_then(|end| text.get(..end)).unwrap_or(text)
}

// === impl Target ===

impl<'a> Target<'a> {
    /// `None` if the address is not one of HTTP.
    pub(crate) fn of(url: &'a str) -> Option<Self> {
        let scheme = before(url, b"/");
        let default_port = match scheme {
            "https:" => 443,
            "http:" => 80,
            _ => return None,
        };
        let authority = before(url.get(scheme.len() + 2..)?, b"/?#");
        let (mut colon, mut port) = (None, 0_u32);
        for (index, byte) in authority.bytes().enumerate() {
            match byte {
                b':' => (colon, port) = (Some(index), 0),
                // Those before were in an address, `[::1]`.
                b']' => colon = None,
                digit => port = port.wrapping_mul(10).wrapping_add(u32::from(digit & 15)),
            }
        }
        let host_end = colon.unwrap_or(authority.len());
        Some(Self {
            url,
            origin: url.get(..scheme.len() + 2 + authority.len())?,
            host: authority.get(..host_end)?,
            port: colon.map_or(default_port, |_| port),
        })
    }
}
