//! Who may post on the application's own port: pages of the same origin, at a bounded rate.

use std::{
    net::{IpAddr, SocketAddr},
    time::Instant,
};

use axum::extract::ConnectInfo;
use http::{HeaderMap, header, request::Parts};

use super::{rate::RateLimit, status::Refusal};
use crate::settings::BrowserSettings;

/// The border of the receiver for browsers.
#[derive(Debug)]
pub(crate) struct BrowserGate {
    trusted_origins: Vec<String>,
    rate: RateLimit,
}

impl BrowserGate {
    pub(crate) fn new(settings: &BrowserSettings) -> Self {
        Self {
            trusted_origins: settings.trusted_origins.clone(),
            rate: RateLimit::new(settings.burst, settings.requests_per_second),
        }
    }

    pub(crate) fn admit(&self, parts: &Parts, now: Instant) -> Result<(), Refusal> {
        if !self.is_same_origin(&parts.headers) {
            return Err(Refusal::CrossOrigin);
        }
        self.rate
            .take(client(parts), now)
            .map_err(|wait| Refusal::RateLimited {
                retry_after_seconds: wait.as_secs() + 1, // whole seconds, never too early
            })
    }

    /// `Sec-Fetch-Site` decides where the browser sends it, else `Origin` against `Host`. A client that sends neither is
    /// not a browser: nobody can make it send what it does not want to.
    fn is_same_origin(&self, headers: &HeaderMap) -> bool {
        let text = |name| {
            headers
                .get(name)
                .map(|value: &http::HeaderValue| value.to_str())
        };
        let origin = text(header::ORIGIN);
        if let Some(Ok(origin)) = origin
            && self.trusted_origins.iter().any(|trusted| trusted == origin)
        {
            return true;
        }
        match (
            text(header::HeaderName::from_static("sec-fetch-site")),
            origin,
        ) {
            (Some(Ok(site)), _) => matches!(site, "same-origin" | "none"),
            (Some(Err(_)), _) | (None, Some(Err(_))) => false,
            (None, Some(Ok(origin))) => {
                let authority = origin.split_once("://").map(|(_, authority)| authority);
                authority.is_some() && authority == text(header::HOST).and_then(Result::ok)
            }
            (None, None) => true,
        }
    }
}

/// The address of the peer, where the server was started with it (`into_make_service_with_connect_info`).
fn client(parts: &Parts) -> Option<IpAddr> {
    parts
        .extensions
        .get::<ConnectInfo<SocketAddr>>()
        .map(|ConnectInfo(peer)| peer.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_same_origin(headers: &[(&'static str, &'static str)]) -> bool {
        let settings = BrowserSettings {
            trusted_origins: vec!["https://www.example.com".to_owned()],
            ..BrowserSettings::default()
        };
        let headers = headers.iter().map(|(name, value)| {
            (
                header::HeaderName::from_static(name),
                http::HeaderValue::from_static(value),
            )
        });
        BrowserGate::new(&settings).is_same_origin(&headers.collect())
    }

    #[test]
    fn a_page_of_the_same_origin_may_post() {
        assert!(is_same_origin(&[("sec-fetch-site", "same-origin")]));
        assert!(is_same_origin(&[
            ("origin", "http://app:8080"),
            ("host", "app:8080")
        ]));
    }

    #[test]
    fn a_development_proxy_that_rewrites_the_host_does_not_matter_to_a_browser_of_today() {
        let origin = ("origin", "http://localhost:3000");
        assert!(is_same_origin(&[
            origin,
            ("host", "127.0.0.1"),
            ("sec-fetch-site", "same-origin")
        ]));
    }

    #[test]
    fn a_page_of_another_origin_may_not_post_unless_it_is_trusted() {
        assert!(!is_same_origin(&[("sec-fetch-site", "cross-site")]));
        assert!(!is_same_origin(&[("sec-fetch-site", "same-site")]));
        assert!(!is_same_origin(&[
            ("origin", "http://evil.example"),
            ("host", "app:8080")
        ]));
        assert!(!is_same_origin(&[("origin", "null"), ("host", "app:8080")]));
        let trusted = ("origin", "https://www.example.com");
        assert!(is_same_origin(&[trusted, ("sec-fetch-site", "same-site")]));
    }

    #[test]
    fn a_program_may_post() {
        assert!(is_same_origin(&[("host", "app:8080")]));
    }
}
