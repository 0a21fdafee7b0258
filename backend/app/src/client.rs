//! Who asks.

use std::{convert::Infallible, net::IpAddr, net::Ipv4Addr, net::SocketAddr};

use axum::{
    extract::{ConnectInfo, FromRequestParts, Request, State},
    http::request::Parts,
};

use crate::app::App;

/// The address of whoever asks: that of the connection, or what a trusted proxy (`TRUSTED_PROXIES`) says of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClientAddress(pub(crate) IpAddr);

impl FromRequestParts<App> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        // Without connections there is one client.
        let peer = peer.map_or(Ipv4Addr::UNSPECIFIED.into(), |ConnectInfo(peer)| peer.ip());
        Ok(ClientAddress(app.proxies.client(peer, &parts.headers)))
    }
}

/// A request whose connection has the client's address: for routers that know nothing of proxies.
pub(crate) async fn in_place_of_proxy(State(app): State<App>, mut request: Request) -> Request {
    if let Some(&ConnectInfo(mut peer)) = request.extensions().get::<ConnectInfo<SocketAddr>>() {
        peer.set_ip(app.proxies.client(peer.ip(), request.headers()));
        request.extensions_mut().insert(ConnectInfo(peer));
    }
    request
}
