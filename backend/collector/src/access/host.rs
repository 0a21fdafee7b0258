//! Keeps other sites out of a server that listens on loopback.

use std::net::IpAddr;

use axum::{
    Router,
    extract::Request,
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header, uri::Authority};

/// Answers 403 to browsers whose `Host` is not a name of this machine. A site that points its own name at 127.0.0.1 (DNS
/// rebinding) makes a browser send it requests that look same-origin, but cannot change the `Host` in them. Programs may
/// use any name (`host.docker.internal`), except to read pages: who sends no `Origin` and no `Sec-Fetch-Site` posts OTLP.
pub fn loopback_hosts_only(router: Router) -> Router {
    router.layer(middleware::from_fn(check))
}

async fn check(request: Request, next: Next) -> Response {
    let headers = request.headers();
    let may_be_browser = request.method() != http::Method::POST
        || headers.contains_key(header::ORIGIN)
        || headers.contains_key("sec-fetch-site");
    if may_be_browser && names_another(&request) {
        let body = "This server is for this machine only: use localhost or 127.0.0.1.\n";
        return (StatusCode::FORBIDDEN, body).into_response();
    }
    next.run(request).await
}

/// Whether a request names another machine. Who names none is no browser: a health check in HTTP/1.0.
fn names_another(request: &Request) -> bool {
    // HTTP/2 has the name in the address.
    if let Some(authority) = request.uri().authority() {
        return !is_loopback(authority.host());
    }
    let headers = request.headers();
    headers.contains_key(header::HOST) && !names_loopback(headers)
}

pub(super) fn names_loopback(headers: &HeaderMap) -> bool {
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let authority = host.and_then(|host| host.parse::<Authority>().ok());
    authority.is_some_and(|authority| is_loopback(authority.host()))
}

fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || host.to_ascii_lowercase().ends_with(".localhost")
        || host
            .parse::<IpAddr>()
            .is_ok_and(|address| address.to_canonical().is_loopback())
}
