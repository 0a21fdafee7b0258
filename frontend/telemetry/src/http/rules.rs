//! Which requests are traced, and which of them carry the context.

use wasm_bindgen::JsValue;
use web_sys::Url;

use crate::page;

/// What the page's developer decides about requests: patterns, and what is done with a request that matches one. The
/// first list that has one decides.
///
/// A pattern is an address, its query included, or the beginning of one and `*`: `/healthz`, `/assets/*`,
/// `https://ads.example.com/*`. It may be relative to the page. A `*` stands for something at the end only, and an origin
/// is always whole (`https://ads*` is none). Fragments are not sent, so that there are none in patterns. Of what is
/// [named](Propagation::TraceAndBaggage) the origin counts, and it has to be absolute. What is no pattern is told in the
/// console and left out.
pub(crate) type Settings = [(Propagation, Vec<String>); 4];

/// The settings, as absolute patterns.
#[derive(Debug)]
pub(crate) struct Rules {
    settings: Settings,
    /// The page's own origin.
    own: String,
}

/// What of its context a request may carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Propagation {
    /// It has no span, and thus no context of its own.
    Untraced,
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
    pub(crate) fn new(mut settings: Settings) -> &'static Self {
        for (propagation, addresses) in &mut settings {
            for address in addresses {
                let pattern = match propagation {
                    Propagation::TraceAndBaggage => origin(address),
                    _ => pattern(address),
                };
                *address = pattern.unwrap_or_else(|| {
                    page::warn(&["no address of a server: ", address].concat());
                    String::new()
                });
            }
        }
        let location = super::global("location");
        Box::leak(Box::new(Self {
            settings,
            own: page::text(&location, "origin").unwrap_or_default() + "/",
        }))
    }

    pub(crate) fn propagation(&self, target: &Target) -> Propagation {
        for (propagation, patterns) in &self.settings {
            if patterns.iter().any(|it| target.matches(it)) {
                return *propagation;
            }
        }
        if target.address.starts_with(&self.own) {
            Propagation::Trace
        } else {
            Propagation::Nothing
        }
    }
}

fn origin(address: &str) -> Option<String> {
    // A relative one would silently be the page's own origin.
    let is_absolute = address.as_bytes().windows(3).any(|it| it == b"://");
    let target = Target::of(address).filter(|_| is_absolute)?;
    Some(target.part("origin") + "/*")
}

fn pattern(address: &str) -> Option<String> {
    // A `*` that is somewhere else would be taken literally, and match nothing that anybody meant. For a browser,
    // `https://host*` is `https://host%2A/`.
    let beginning = address.strip_suffix('*').unwrap_or(address);
    let is_open = beginning.len() < address.len();
    let is_stray = beginning.bytes().any(|it| matches!(it, b'*' | b'#'));
    let href = Target::of(address)?.part("href");
    (!is_stray && href.ends_with('*') == is_open).then_some(href)
}

// === impl Target ===

impl Target {
    /// `None` if the address, which may be relative to the page, is not one of HTTP: what `data:` and `blob:` mean is in
    /// the page already.
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
            0 if self.address.starts_with("https") => 443,
            0 => 80,
            _ => port,
        }
    }

    fn matches(&self, pattern: &str) -> bool {
        match pattern.strip_suffix('*') {
            Some(beginning) => self.address.starts_with(beginning),
            None => self.address == pattern,
        }
    }
}
