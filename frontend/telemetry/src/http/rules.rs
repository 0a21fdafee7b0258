//! Which requests are traced, and which of them carry the context.

use wasm_bindgen::JsValue;

use crate::page;

/// What the page's developer decides about requests: absolute patterns, and what is done with a request that matches one.
pub(crate) type Settings = Vec<(Propagation, String)>;

/// What is done with which request.
#[derive(Debug)]
pub(crate) struct Rules {
    settings: Settings,
    /// The page's own origin.
    own: String,
}

/// What of its context a request may carry. If it matches several patterns, the least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
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
    pub(crate) fn new(settings: Settings) -> &'static Self {
        Box::leak(Box::new(Self {
            settings,
            own: page::location("origin").unwrap_or_default() + "/",
        }))
    }

    pub(crate) fn propagation(&self, target: &Target) -> Propagation {
        let mut least = None;
        for (propagation, pattern) in &self.settings {
            if target.matches(pattern) && least.is_none_or(|least| *propagation < least) {
                least = Some(*propagation);
            }
        }
        match least {
            Some(least) => least,
            None if target.address.starts_with(&self.own) => Propagation::Trace,
            None => Propagation::Nothing,
        }
    }
}

/// Adds a pattern, if it is one; what is none is told in the console. It is called by what sets one, so that a page has
/// the code for it that sets any.
///
/// A pattern is an address, its query included, or the beginning of one and `*`: `/healthz`, `/assets/*`,
/// `https://ads.example.com/*`. It may be relative to the page. A `*` stands for something at the end only, and an origin
/// is always whole (`https://ads*` is none). Fragments are not sent, so that there are none in patterns. Of what is
/// [named](Propagation::TraceAndBaggage) the origin counts, and it has to be absolute.
pub(crate) fn add(settings: &mut Settings, propagation: Propagation, address: &str) {
    let pattern = match propagation {
        Propagation::TraceAndBaggage => origin(address),
        _ => pattern(address),
    };
    match pattern {
        Some(pattern) => settings.push((propagation, pattern)),
        None => page::warn(&["no address of a server: ", address].concat()),
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
        let mut target = Self {
            url: page::resolved(address)?,
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
