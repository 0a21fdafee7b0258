//! Which requests are traced, and which of them carry the context.

use std::slice;

use wasm_bindgen::JsValue;
use web_sys::Url;

use crate::page;

/// What the page's developer decides about requests. Addresses may be relative to the page; what is none is told in the
/// console and left out.
///
/// A pattern is an address, its query included, or the beginning of one and `*`: `/healthz`, `/assets/*`,
/// `https://ads.example.com/*`. A `*` stands for something at the end only, and an origin is always whole
/// (`https://ads*` is refused). Fragments are not sent, so that there are none in patterns.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    /// The addresses that telemetry is sent to, of all signals: requests to them are our own.
    pub(crate) endpoints: Vec<String>,
    /// Absolute addresses, of whose origins only counts: beside the page's own, these get the context.
    pub(crate) propagate_to: Vec<String>,
    /// Patterns of requests that are traced, but do not carry the context.
    pub(crate) do_not_propagate_to: Vec<String>,
    /// Patterns of requests that are not traced.
    pub(crate) ignore: Vec<String>,
}

/// The settings, as absolute patterns.
#[derive(Debug)]
pub(crate) struct Rules {
    /// The page's own origin.
    own: String,
    named: Vec<String>,
    closed: Vec<String>,
    ignored: Vec<String>,
}

/// What of its context a request may carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Propagation {
    Nothing,
    /// Its headers may follow a redirection to anybody. No more than the ids, unless it is known not to do so.
    Trace,
    /// Its origin is one that the developer has named: that one, and whom it redirects to, may have the baggage too.
    TraceAndBaggage,
}

/// Where a request goes: an address of HTTP.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// A `URL`.
    url: JsValue,
    /// As it is asked for: without credentials, without the fragment.
    pub(crate) address: String,
}

// === impl Rules ===

impl Rules {
    /// For as long as the page lives.
    pub(crate) fn new(settings: &Settings) -> &'static Self {
        let mut named = Vec::new();
        for address in &settings.propagate_to {
            // A relative one would silently be the page's own origin.
            let is_absolute = address.as_bytes().windows(3).any(|it| it == b"://");
            match Target::of(address) {
                Some(target) if is_absolute => named.push(target.part("origin") + "/*"),
                _ => refuse(address),
            }
        }
        let mut ignored = patterns(&settings.ignore);
        ignored.extend(patterns(&settings.endpoints));
        Box::leak(Box::new(Self {
            own: page::text(&super::global("location"), "origin").unwrap_or_default() + "/*",
            named,
            closed: patterns(&settings.do_not_propagate_to),
            ignored,
        }))
    }

    /// Where a request for this address goes. `None` if it is not traced: one of ours, one to be ignored, or none over
    /// HTTP (what `data:` and `blob:` mean is in the page already).
    pub(crate) fn target(&self, address: &str) -> Option<Target> {
        Target::of(address).filter(|target| !target.is_one_of(&self.ignored))
    }

    pub(crate) fn propagation(&self, target: &Target) -> Propagation {
        if target.is_one_of(&self.closed) {
            Propagation::Nothing
        } else if target.is_one_of(&self.named) {
            Propagation::TraceAndBaggage
        } else if target.is_one_of(slice::from_ref(&self.own)) {
            Propagation::Trace
        } else {
            Propagation::Nothing
        }
    }
}

#[inline(never)]
fn patterns(addresses: &[String]) -> Vec<String> {
    let mut patterns = Vec::new();
    for address in addresses {
        // A `*` that is somewhere else in it would be taken literally, and match nothing that anybody meant; so is that
        // of `https://host*`, which is `https://host*/` for a browser.
        let stray = |byte: u8| matches!(byte, b'*' | b'#');
        let pattern = Target::of(address).map(|it| it.part("href"));
        match pattern {
            Some(it) if !it.strip_suffix('*').unwrap_or(&it).bytes().any(stray) => {
                patterns.push(it)
            }
            _ => refuse(address),
        }
    }
    patterns
}

#[inline(never)]
fn refuse(address: &str) {
    page::warn(&["no address of a server: ", address].concat());
}

// === impl Target ===

impl Target {
    /// `None` if the address, which may be relative to the page, is not one of HTTP.
    #[inline(never)]
    pub(crate) fn of(address: &str) -> Option<Self> {
        let base = page::text(&super::global("document"), "baseURI")?;
        let mut target = Self {
            url: Url::new_with_base(address, &base).ok()?.into(),
            address: String::new(),
        };
        for part in &["origin", "pathname", "search"] {
            target.address += &target.part(part);
        }
        target
            .part("protocol")
            .starts_with("http")
            .then_some(target)
    }

    /// A property of the `URL`.
    pub(crate) fn part(&self, name: &str) -> String {
        page::text(&self.url, name).unwrap_or_default()
    }

    pub(crate) fn port(&self) -> i64 {
        let mut port = 0;
        for digit in self.part("port").bytes() {
            port = port * 10 + i64::from(digit & 15);
        }
        match port {
            0 if self.part("protocol") == "https:" => 443,
            0 => 80,
            _ => port,
        }
    }

    #[inline(never)]
    fn is_one_of(&self, patterns: &[String]) -> bool {
        patterns.iter().any(|it| match it.strip_suffix('*') {
            Some(beginning) => self.address.starts_with(beginning),
            None => self.address == *it,
        })
    }
}
