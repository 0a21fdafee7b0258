//! Who talks to whom: the server's address as the client sees it, and the client's.

use super::{
    clip::clip,
    forwarded::{self, Forwarded, TrustedProxies},
};
use axum::extract::{ConnectInfo, Request};
use http::{header::HOST, uri::Authority};
use std::{
    borrow::Cow,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};
use throughline_core::{names::network as names, otlp::Any};

/// The ends of an exchange.
///
/// The server is named by the request's authority (HTTP/2) or its `Host`. The peer is the other end of the connection,
/// known when the server runs with
/// [`into_make_service_with_connect_info`](axum::Router::into_make_service_with_connect_info); it is the client, if it is
/// no trusted proxy that says otherwise.
#[derive(Debug)]
pub(crate) struct Ends<'a> {
    /// `http` or `https`.
    pub(crate) scheme: &'static str,
    server: Option<Server<'a>>,
    client: Option<IpAddr>,
    peer: Option<SocketAddr>,
}

/// The server's name or address, without brackets.
#[derive(Debug)]
struct Server<'a> {
    address: Cow<'a, str>,
    port: Option<u16>,
}

// === impl Ends ===

impl<'a> Ends<'a> {
    pub(crate) fn of(request: &'a Request, proxies: &TrustedProxies) -> Self {
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
        let peer = peer.map(|ConnectInfo(peer)| {
            let address = peer.ip().to_canonical();
            SocketAddr::new(address, peer.port())
        });
        let forwarded = peer.and_then(|peer| proxies.forwarded(peer.ip(), request.headers()));
        let (client, scheme, host) = match forwarded {
            Some(Forwarded {
                client,
                scheme,
                host,
            }) => (Some(client), scheme, host),
            None => (peer.map(|peer| peer.ip()), None, None),
        };
        let of_uri = || forwarded::scheme(request.uri().scheme_str()?);
        Self {
            scheme: scheme.or_else(of_uri).unwrap_or("http"),
            server: host
                .map(|host| Server::of(&host).into_owned())
                .or_else(|| Server::asked_by(request)),
            client,
            peer,
        }
    }

    /// Adds `server.address`, `server.port`, `client.address` and `network.peer.*`.
    pub(crate) fn record(&self, mut add: impl FnMut(&'static str, Any<'_>)) {
        if let Some(server) = &self.server {
            add(names::SERVER_ADDRESS, Any::Text(clip(&server.address)));
            if let Some(port) = server.port {
                add(names::SERVER_PORT, Any::Int(port.into()));
            }
        }
        let mut space = [0; 15];
        if let Some(client) = self.client {
            add(names::CLIENT_ADDRESS, Any::Text(&text(client, &mut space)));
        }
        if let Some(peer) = self.peer {
            add(names::PEER_ADDRESS, Any::Text(&text(peer.ip(), &mut space)));
            add(names::PEER_PORT, Any::Int(peer.port().into()));
        }
    }
}

// === impl Server ===

impl<'a> Server<'a> {
    fn asked_by(request: &'a Request) -> Option<Self> {
        if let Some(authority) = request.uri().authority() {
            return Some(Self::of(authority));
        }
        let host = request.headers().get(HOST)?;
        let parsed = || Authority::try_from(host.as_bytes()).ok();
        Self::plain(host.to_str().ok()?).or_else(|| Some(Server::of(&parsed()?).into_owned()))
    }

    /// What nearly all clients write, in a fifth of the time that any authority takes: letters, digits, dots and dashes, and
    /// perhaps a port.
    fn plain(host: &'a str) -> Option<Self> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
        let end = host.bytes().position(|byte| !is_plain(byte));
        let (address, port) = host.split_at_checked(end.unwrap_or(host.len()))?;
        let port = match port.strip_prefix(':') {
            Some(port) => Some(port.parse().ok()?),
            None if port.is_empty() => None,
            None => return None,
        };
        (!address.is_empty()).then_some(Self {
            address: address.into(),
            port,
        })
    }

    fn of(authority: &'a Authority) -> Self {
        let host = authority.host();
        let bare = host.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
        Self {
            address: bare.unwrap_or(host).into(),
            port: authority.port_u16(),
        }
    }

    fn into_owned<'b>(self) -> Server<'b> {
        Server {
            address: self.address.into_owned().into(),
            port: self.port,
        }
    }
}

fn text(address: IpAddr, space: &mut [u8; 15]) -> Cow<'_, str> {
    match address {
        IpAddr::V4(address) => dotted(address, space).into(),
        IpAddr::V6(address) => address.to_string().into(),
    }
}

/// `to_string` takes ten times as long, and each request has an address.
fn dotted(address: Ipv4Addr, space: &mut [u8; 15]) -> &str {
    let mut length = 0;
    let mut free = space.iter_mut();
    let mut push = |byte| {
        length += 1;
        free.next().map(|place| *place = byte)
    };
    for (at, octet) in address.octets().into_iter().enumerate() {
        if at > 0 {
            push(b'.');
        }
        for unit in [100, 10, 1] {
            if octet >= unit || unit == 1 {
                push(b'0' + octet / unit % 10);
            }
        }
    }
    let text = space.get(..length).unwrap_or_default();
    str::from_utf8(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::forwarded::ForwardingHeaders;
    use axum::body::Body;

    /// The ends of a request from 10.0.0.1, a trusted proxy.
    fn ends(headers: &[(&str, &str)]) -> String {
        let mut request = Request::builder();
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let peer = SocketAddr::from(([10, 0, 0, 1], 4711));
        let request = request.extension(ConnectInfo(peer)).body(Body::empty());
        let proxies = ["10.0.0.1".to_owned()];
        let proxies = TrustedProxies::new(&proxies, ForwardingHeaders::XForwarded);
        let request = request.unwrap();
        let ends = Ends::of(&request, &proxies.unwrap());
        let mut text = ends.scheme.to_owned();
        ends.record(|key, value| match value {
            Any::Text(value) => text += &format!(" {key}={value}"),
            Any::Int(value) => text += &format!(" {key}={value}"),
            other => panic!("{other:?}"),
        });
        text
    }

    #[test]
    fn an_address_is_written_as_the_standard_library_does() {
        for octet in 0..=255 {
            let address = Ipv4Addr::new(octet, 255 - octet, 0, octet / 2);
            assert_eq!(dotted(address, &mut [0; 15]), address.to_string());
        }
    }

    #[test]
    fn the_host_header_names_the_server() {
        expect_test::expect![[r#"
            http server.address=localhost server.port=8080 client.address=10.0.0.1 network.peer.address=10.0.0.1 network.peer.port=4711
            http server.address=::1 server.port=8080 client.address=10.0.0.1 network.peer.address=10.0.0.1 network.peer.port=4711
            http server.address=example.com client.address=10.0.0.1 network.peer.address=10.0.0.1 network.peer.port=4711
            http server.address=my_shop server.port=80 client.address=10.0.0.1 network.peer.address=10.0.0.1 network.peer.port=4711
            http server.address=host client.address=10.0.0.1 network.peer.address=10.0.0.1 network.peer.port=4711
            http client.address=10.0.0.1 network.peer.address=10.0.0.1 network.peer.port=4711
        "#]]
        .assert_eq(
            &[
                "localhost:8080",
                "[::1]:8080",
                "example.com",
                "me:secret@my_shop:80",
                "host:99999",
                "not a host",
            ]
            .map(|host| ends(&[("host", host)]) + "\n")
            .concat(),
        );
    }

    #[test]
    fn what_a_trusted_proxy_says_changes_all_but_the_peer() {
        expect_test::expect!["https server.address=shop.example server.port=8443 client.address=192.0.2.7 network.peer.address=10.0.0.1 network.peer.port=4711"]
        .assert_eq(&ends(&[
            ("host", "inner:8080"),
            ("x-forwarded-for", "192.0.2.7"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "shop.example:8443"),
        ]));
    }
}
