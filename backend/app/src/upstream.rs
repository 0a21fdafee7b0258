//! Keeps the server from sending its telemetry to itself, where it would be stored a second time.

use std::net::{IpAddr, SocketAddr};

use axum::http::Uri;

/// The first of the `endpoints` that is one of the server's `own` addresses.
pub(crate) fn own_listener<'a>(endpoints: &'a [String], own: &[SocketAddr]) -> Option<&'a String> {
    endpoints.iter().find(|endpoint| {
        let Ok(uri) = endpoint.parse::<Uri>() else {
            return false;
        };
        own.iter().any(|address| leads_to(&uri, *address))
    })
}

fn leads_to(uri: &Uri, address: SocketAddr) -> bool {
    let default = if uri.scheme_str() == Some("https") {
        443
    } else {
        80
    };
    let host = uri.host().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let same_host = match host.parse::<IpAddr>() {
        Ok(ip) => ip == address.ip() || (address.ip().is_unspecified() && ip.is_loopback()),
        Err(_) => host.eq_ignore_ascii_case("localhost"),
    };
    same_host && uri.port_u16().unwrap_or(default) == address.port()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_that_is_our_own_listener_is_found() {
        let own = ["127.0.0.1:4318", "0.0.0.0:80", "[::1]:4319"].map(|it| it.parse().unwrap());
        for endpoint in [
            "http://127.0.0.1:4318",
            "http://LOCALHOST:4318/v1/traces",
            "http://127.0.0.1",
            "http://[::1]:4319/",
        ] {
            assert!(
                own_listener(&[endpoint.to_owned()], &own).is_some(),
                "{endpoint}"
            );
        }
        for endpoint in [
            "http://127.0.0.1:4317",
            "http://collector:4318",
            "https://localhost",
            "http://192.0.2.1:4318",
            "no address",
        ] {
            assert!(
                own_listener(&[endpoint.to_owned()], &own).is_none(),
                "{endpoint}"
            );
        }
    }
}
