//! Who talks to whom: the server's address as the client sees it, and the client's.

use super::clip::clip;
use axum::extract::{ConnectInfo, Request};
use http::{header::HOST, uri::Authority};
use opentelemetry::KeyValue;
use std::net::SocketAddr;
use throughline_core::names::network as names;

/// Adds `server.address`, `server.port`, `client.address` and `network.peer.*`.
///
/// The server is named by the request's authority (HTTP/2) or its `Host`. The client is the other end of the
/// connection, known when the server runs with
/// [`into_make_service_with_connect_info`](axum::Router::into_make_service_with_connect_info). Forwarding headers are
/// not read: anybody can send them.
pub(crate) fn record(request: &Request, attributes: &mut Vec<KeyValue>) {
    if let Some((host, port)) = server(request) {
        attributes.push(KeyValue::new(names::SERVER_ADDRESS, host));
        if let Some(port) = port {
            attributes.push(KeyValue::new(names::SERVER_PORT, i64::from(port)));
        }
    }
    if let Some(ConnectInfo(peer)) = request.extensions().get::<ConnectInfo<SocketAddr>>() {
        let address = peer.ip().to_canonical().to_string();
        attributes.push(KeyValue::new(names::CLIENT_ADDRESS, address.clone()));
        attributes.push(KeyValue::new(names::PEER_ADDRESS, address));
        attributes.push(KeyValue::new(names::PEER_PORT, i64::from(peer.port())));
    }
}

fn server(request: &Request) -> Option<(String, Option<u16>)> {
    let from_header = || -> Option<Authority> {
        let host = request.headers().get(HOST)?;
        Authority::try_from(host.as_bytes()).ok()
    };
    let authority = request.uri().authority().cloned().or_else(from_header)?;
    let host = authority.host();
    let host = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(host);
    Some((clip(host), authority.port_u16()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    fn server_of(host: &str) -> Option<(String, Option<u16>)> {
        let request = Request::builder().header(HOST, host);
        server(&request.body(Body::empty()).unwrap())
    }

    #[test]
    fn the_host_header_names_the_server() {
        assert_eq!(
            server_of("localhost:8080"),
            Some(("localhost".into(), Some(8080)))
        );
        assert_eq!(server_of("[::1]:8080"), Some(("::1".into(), Some(8080))));
        assert_eq!(server_of("example.com"), Some(("example.com".into(), None)));
        assert_eq!(server_of("not a host"), None);
    }
}
