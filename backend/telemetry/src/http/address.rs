//! Who talks to whom: the server's address as the client sees it, and the client's.

use super::{
    clip::clip,
    forwarded::{self, Forwarded, TrustedProxies},
};
use axum::extract::{ConnectInfo, Request};
use http::{header::HOST, uri::Authority};
use opentelemetry::{KeyValue, StringValue};
use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
};
use throughline_core::names::network as names;

/// The ends of an exchange.
///
/// The server is named by the request's authority (HTTP/2) or its `Host`. The peer is the other end of the connection,
/// known when the server runs with
/// [`into_make_service_with_connect_info`](axum::Router::into_make_service_with_connect_info); it is the client, if it is
/// no trusted proxy that says otherwise.
#[derive(Debug)]
pub(crate) struct Ends {
    /// `http` or `https`.
    pub(crate) scheme: &'static str,
    server: Option<Authority>,
    client: Option<IpAddr>,
    peer: Option<SocketAddr>,
}

// === impl Ends ===

impl Ends {
    pub(crate) fn of(request: &Request, proxies: &TrustedProxies) -> Self {
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
            server: host.or_else(|| server(request)),
            client,
            peer,
        }
    }

    /// Adds `server.address`, `server.port`, `client.address` and `network.peer.*`.
    pub(crate) fn record(&self, attributes: &mut Vec<KeyValue>) {
        if let Some(server) = &self.server {
            attributes.push(KeyValue::new(names::SERVER_ADDRESS, host(server)));
            if let Some(port) = server.port_u16() {
                attributes.push(KeyValue::new(names::SERVER_PORT, i64::from(port)));
            }
        }
        // Most often the client is the peer: written once, and shared.
        let client = self.client.map(|client| (client, text(client)));
        let told = client.clone();
        attributes.extend(told.map(|(_, client)| KeyValue::new(names::CLIENT_ADDRESS, client)));
        if let Some(peer) = self.peer {
            let address = client.filter(|(client, _)| *client == peer.ip());
            let address = address.map_or_else(|| text(peer.ip()), |(_, client)| client);
            attributes.push(KeyValue::new(names::PEER_ADDRESS, address));
            attributes.push(KeyValue::new(names::PEER_PORT, i64::from(peer.port())));
        }
    }
}

fn server(request: &Request) -> Option<Authority> {
    let from_header = || {
        let host = request.headers().get(HOST)?;
        Authority::try_from(host.as_bytes()).ok()
    };
    request.uri().authority().cloned().or_else(from_header)
}

/// A text whose clones share it.
fn text(address: IpAddr) -> StringValue {
    let text = match address {
        IpAddr::V4(address) => dotted(address),
        IpAddr::V6(address) => address.to_string(),
    };
    Arc::<str>::from(text).into()
}

/// `to_string` takes ten times as long, and each request has an address.
fn dotted(address: Ipv4Addr) -> String {
    let mut text = String::with_capacity("255.255.255.255".len());
    for octet in address.octets() {
        if !text.is_empty() {
            text.push('.');
        }
        for unit in [100, 10, 1] {
            if octet >= unit || unit == 1 {
                text.push(char::from(b'0' + octet / unit % 10));
            }
        }
    }
    text
}

fn host(authority: &Authority) -> String {
    let host = authority.host();
    let bare = host.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
    clip(bare.unwrap_or(host))
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
        let ends = Ends::of(&request.unwrap(), &proxies.unwrap());
        let mut attributes = Vec::new();
        ends.record(&mut attributes);
        let values = attributes
            .iter()
            .map(|it| format!(" {}={}", it.key, it.value));
        format!("{}{}", ends.scheme, values.collect::<String>())
    }

    #[test]
    fn an_address_is_written_as_the_standard_library_does() {
        for octet in 0..=255 {
            let address = Ipv4Addr::new(octet, 255 - octet, 0, octet / 2);
            assert_eq!(dotted(address), address.to_string());
        }
    }

    #[test]
    fn the_host_header_names_the_server() {
        expect_test::expect![[r#"
            http server.address=localhost server.port=8080 client.address=10.0.0.1 network.peer.address=10.0.0.1 network.peer.port=4711
            http server.address=::1 server.port=8080 client.address=10.0.0.1 network.peer.address=10.0.0.1 network.peer.port=4711
            http server.address=example.com client.address=10.0.0.1 network.peer.address=10.0.0.1 network.peer.port=4711
            http client.address=10.0.0.1 network.peer.address=10.0.0.1 network.peer.port=4711
        "#]]
        .assert_eq(
            &["localhost:8080", "[::1]:8080", "example.com", "not a host"]
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
