//! What trusted proxies say of the requests that they forward.
//!
//! Anybody can send `X-Forwarded-For`. A proxy appends to it the address of whoever asked it, so the header is read from
//! its right end, for as long as the address that wrote an element is one of a trusted proxy; what is left of that was
//! written by strangers and is never looked at.

use super::invalid::InvalidHttpSetting;
use http::{HeaderMap, uri::Authority};
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};

/// Elements that are looked at in one header.
const MAX_HOPS: usize = 32;

/// By which headers the trusted proxies say for whom they ask.
///
/// It is one or the other: a client can send the headers that the proxies leave alone, and would be believed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ForwardingHeaders {
    /// `X-Forwarded-For`, `X-Forwarded-Proto` and `X-Forwarded-Host`, as most proxies and load balancers write them.
    #[default]
    XForwarded,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

/// The proxies that are believed when they say for whom they ask.
///
/// Spans follow it by [`HttpSettings::trusted_proxies`](super::HttpSettings::trusted_proxies); an application that limits how
/// often one address may ask needs one of its own.
#[derive(Debug)]
pub struct TrustedProxies {
    networks: Vec<IpNet>,
    headers: ForwardingHeaders,
}

/// What trusted proxies say of a request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Forwarded {
    /// The first address that is no trusted proxy's; that of the farthest proxy if there is none.
    pub(crate) client: IpAddr,
    pub(crate) scheme: Option<&'static str>,
    pub(crate) host: Option<Authority>,
}

/// One element of `Forwarded`.
#[derive(Clone, Copy, Debug, Default)]
struct Element<'a> {
    by_whom: Option<&'a str>,
    scheme: Option<&'a str>,
    host: Option<&'a str>,
}

/// How far the proxies are trusted.
struct Path {
    client: IpAddr,
    /// How many elements trusted proxies wrote.
    hops: usize,
}

// === impl ForwardingHeaders ===

impl ForwardingHeaders {
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let known = [
            ("x-forwarded", Self::XForwarded),
            ("forwarded", Self::Forwarded),
        ];
        let mut known = known.into_iter();
        known
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, headers)| headers)
    }
}

// === impl TrustedProxies ===

impl TrustedProxies {
    /// Those with these IP addresses, or in these networks, such as `10.0.0.0/8`.
    ///
    /// # Errors
    ///
    /// One of them is neither an address nor a network.
    pub fn new(
        networks: impl IntoIterator<Item = impl AsRef<str>>,
        headers: ForwardingHeaders,
    ) -> Result<Self, InvalidHttpSetting> {
        let networks = networks.into_iter();
        let networks = networks.map(|text| network(text.as_ref().trim()));
        Ok(Self {
            networks: networks.collect::<Result<_, _>>()?,
            headers,
        })
    }

    /// Who asks: the first address, seen from here, that is no trusted proxy's. Without a proxy that is `peer`, the other end
    /// of the connection. What a client wrote itself is not read.
    #[must_use]
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let peer = peer.to_canonical();
        let forwarded = self.forwarded(peer, headers);
        forwarded.map_or(peer, |forwarded| forwarded.client)
    }

    /// What is said of a request that came from `peer`; nothing if that is no trusted proxy.
    pub(crate) fn forwarded(&self, peer: IpAddr, headers: &HeaderMap) -> Option<Forwarded> {
        if !self.trust(peer) {
            return None;
        }
        Some(match self.headers {
            ForwardingHeaders::XForwarded => self.x_forwarded(peer, headers),
            ForwardingHeaders::Forwarded => self.standard(peer, headers),
        })
    }

    fn trust(&self, address: IpAddr) -> bool {
        self.networks
            .iter()
            .any(|network| network.contains(&address))
    }

    fn path<'a>(&self, peer: IpAddr, elements: impl Iterator<Item = Option<&'a str>>) -> Path {
        let mut path = Path {
            client: peer,
            hops: 0,
        };
        for element in elements {
            path.hops += 1;
            // `unknown`, a pseudonym, or nonsense: the proxy does not tell.
            let Some(address) = element.and_then(address) else {
                break;
            };
            path.client = address;
            if !self.trust(address) {
                break;
            }
        }
        path
    }

    fn x_forwarded(&self, peer: IpAddr, headers: &HeaderMap) -> Forwarded {
        let path = self.path(peer, from_right(headers, "x-forwarded-for").map(Some));
        // Of the proxy that the client talked to. Some proxies append, others replace: then there are fewer elements.
        let said = |name| from_right(headers, name).take(path.hops.max(1)).last();
        Forwarded {
            client: path.client,
            scheme: said("x-forwarded-proto").and_then(scheme),
            host: said("x-forwarded-host").and_then(host),
        }
    }

    fn standard(&self, peer: IpAddr, headers: &HeaderMap) -> Forwarded {
        let elements = || from_right(headers, "forwarded").map(Element::parse);
        let path = self.path(peer, elements().map(|element| element.by_whom));
        let said = elements().take(path.hops).last().unwrap_or_default();
        Forwarded {
            client: path.client,
            scheme: said.scheme.and_then(scheme),
            host: said.host.and_then(host),
        }
    }
}

// === impl Element ===

impl<'a> Element<'a> {
    /// `for=192.0.2.43;proto=https;host=example.com`, in any order and case, values in quotes or not.
    fn parse(text: &'a str) -> Self {
        let mut element = Self::default();
        for pair in text.split(outside_quotes(';')) {
            let Some((name, value)) = pair.split_once('=') else {
                continue;
            };
            let (name, value) = (name.trim(), Some(unquoted(value)));
            if name.eq_ignore_ascii_case("for") {
                element.by_whom = value;
            } else if name.eq_ignore_ascii_case("proto") {
                element.scheme = value;
            } else if name.eq_ignore_ascii_case("host") {
                element.host = value;
            }
        }
        element
    }
}

fn network(text: &str) -> Result<IpNet, InvalidHttpSetting> {
    let address = || text.parse::<IpAddr>().map(IpNet::from);
    text.parse::<IpNet>()
        .or_else(|_not_a_network| address())
        .map_err(|_not_an_address| InvalidHttpSetting::Network(text.to_owned()))
}

/// The elements of all headers of a name, from the last one on.
fn from_right<'a>(headers: &'a HeaderMap, name: &'static str) -> impl Iterator<Item = &'a str> {
    let values = headers.get_all(name).into_iter().rev();
    values
        .map(|value| value.to_str().unwrap_or_default())
        .flat_map(|value| value.rsplit(outside_quotes(',')))
        .map(str::trim)
        .take(MAX_HOPS)
}

/// A border that is not within quotes. From the right, a quote that a stranger left open swallows nothing but their own.
fn outside_quotes(border: char) -> impl FnMut(char) -> bool {
    let mut is_quoted = false;
    move |char| {
        is_quoted ^= char == '"';
        char == border && !is_quoted
    }
}

fn unquoted(value: &str) -> &str {
    let value = value.trim();
    let inner = value.strip_prefix('"').and_then(|it| it.strip_suffix('"'));
    inner.unwrap_or(value)
}

/// `192.0.2.43`, `192.0.2.43:80`, `2001:db8::17`, `[2001:db8::17]`, `[2001:db8::17]:80`.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
    let with_port = || text.parse().map(|address: SocketAddr| address.ip());
    let address = bare.unwrap_or(text).parse().or_else(|_| with_port()).ok()?;
    Some(address.to_canonical())
}

/// A scheme is an attribute of metrics: it is one of two.
pub(super) fn scheme(text: &str) -> Option<&'static str> {
    let is = |scheme| text.eq_ignore_ascii_case(scheme);
    match () {
        () if is("https") || is("wss") => Some("https"),
        () if is("http") || is("ws") => Some("http"),
        () => None,
    }
}

fn host(text: &str) -> Option<Authority> {
    text.parse().ok()
}

#[cfg(test)]
#[path = "forwarded/tests.rs"]
mod tests;
