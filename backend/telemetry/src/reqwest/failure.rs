//! Why a request was not answered.

use ::reqwest_middleware::Error;
use std::{error::Error as _, io};
use throughline_core::names::error;

/// The error's class, `error.type`: one of few.
pub(super) fn class(error: &Error) -> &'static str {
    let Error::Reqwest(error) = error else {
        return "middleware";
    };
    if error.is_timeout() {
        return "timeout";
    }
    if let Some(known) = causes(error).find_map(by_cause) {
        return known;
    }
    match () {
        () if error.is_builder() => "builder",
        () if error.is_redirect() => "redirect",
        () if error.is_connect() => "connect",
        () if error.is_body() => "body",
        () if error.is_decode() => "decode",
        () if error.is_request() => "request",
        () => error::OTHER,
    }
}

/// The innermost cause: it says most, and does not repeat the URL, which may hold secrets.
pub(super) fn message(error: &Error) -> String {
    let Error::Reqwest(error) = error else {
        return String::new();
    };
    causes(error)
        .last()
        .map(ToString::to_string)
        .unwrap_or_default()
}

type Cause<'a> = &'a (dyn std::error::Error + 'static);

fn causes(error: &::reqwest::Error) -> impl Iterator<Item = Cause<'_>> {
    std::iter::successors(error.source(), |cause: &Cause<'_>| (*cause).source())
}

fn by_cause(cause: Cause<'_>) -> Option<&'static str> {
    if let Some(error) = cause.downcast_ref::<io::Error>() {
        // What it wraps is not among its sources.
        if let Some(known) = error.get_ref().and_then(|it| by_cause(it)) {
            return Some(known);
        }
        return match error.kind() {
            io::ErrorKind::ConnectionRefused => Some("connection_refused"),
            io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::UnexpectedEof => Some("connection_reset"),
            io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
                Some("unreachable")
            }
            io::ErrorKind::TimedOut => Some("timeout"),
            _ => None,
        };
    }
    if cause.is::<rustls::Error>() {
        return Some("tls");
    }
    // The connector's own type is private; this is what it says.
    let text = cause.to_string();
    match text.as_str() {
        "connection closed before message completed" => Some("connection_reset"),
        _ if text.starts_with("dns error") => Some("name_resolution"),
        _ => None,
    }
}
