//! How exchanges are recorded, as an application and the variables of its environment say.

use super::{
    forwarded::{ForwardingHeaders, TrustedProxies},
    headers::{self, CapturedHeaders},
    hooks::Hooks,
    invalid::InvalidHttpSetting,
    methods::KnownMethods,
    metrics::BodySizes,
    patterns,
    route::ExcludedPaths,
};
use crate::settings::Reader;
use axum::{extract::Request, response::Response};
use http::StatusCode;
use opentelemetry::{metrics::Meter, trace::SpanRef};
use regex::RegexSet;
use std::fmt;

/// How HTTP exchanges are recorded; [`Builder::http`](crate::Builder::http) changes it.
///
/// ```
/// let builder = throughline_instrument::init("shop-backend").http(|http| {
///     http.trusted_proxies(["10.0.0.0/8"])
///         .capture_request_headers(["x-request-id"])
///         .error_from(400)
/// });
/// # drop(builder);
/// ```
#[derive(Clone)]
#[must_use]
pub struct HttpSettings {
    pub(crate) excluded_paths: ExcludedPaths,
    excluded_urls: Vec<String>,
    request_headers: Vec<String>,
    response_headers: Vec<String>,
    sanitized_headers: Vec<String>,
    trusted_proxies: Vec<String>,
    forwarding: ForwardingHeaders,
    error_from: u16,
    body_sizes: BodySizes,
    hooks: Hooks,
    meter: Option<Meter>,
}

/// The `OTEL_*` variables that stand in the place of settings.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct HttpVariables {
    excluded_urls: Option<String>,
    request_headers: Option<String>,
    response_headers: Option<String>,
    sanitized_headers: Option<String>,
    trusted_proxies: Option<String>,
    forwarding: Option<String>,
    error_from: Option<u16>,
    known_methods: Option<String>,
}

/// The settings, ready to be applied.
#[derive(Debug)]
pub(crate) struct Rules {
    pub(crate) excluded_paths: ExcludedPaths,
    pub(crate) excluded_urls: RegexSet,
    pub(crate) captured: CapturedHeaders,
    pub(crate) proxies: TrustedProxies,
    pub(crate) hooks: Hooks,
    pub(crate) body_sizes: BodySizes,
    pub(crate) meter: Option<Meter>,
    pub(crate) known_methods: KnownMethods,
    error_from: u16,
}

// === impl HttpSettings ===

impl HttpSettings {
    pub(crate) fn new(excluded_paths: ExcludedPaths) -> Self {
        Self {
            excluded_paths,
            excluded_urls: Vec::new(),
            request_headers: Vec::new(),
            response_headers: Vec::new(),
            sanitized_headers: headers::SANITIZED.map(str::to_owned).into(),
            trusted_proxies: Vec::new(),
            forwarding: ForwardingHeaders::default(),
            error_from: 500,
            body_sizes: BodySizes::default(),
            hooks: Hooks::default(),
            meter: None,
        }
    }

    /// Regular expressions; an exchange is not recorded if one of them matches any part of its path, such as
    /// `/client/7/info`. The variable `OTEL_RUST_EXCLUDED_URLS` wins, a list with commas.
    ///
    /// The rest of the URL is not searched: with `Host: healthcheck`, anybody could hide what they do.
    ///
    /// Where the beginning of a path says enough, [`Builder::excluded_paths`](crate::Builder::excluded_paths) is cheaper.
    pub fn excluded_urls(mut self, patterns: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.excluded_urls = collect(patterns);
        self
    }

    /// Headers of requests that become attributes, `http.request.header.<name>`: names, or regular expressions that match
    /// a whole name. `OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_REQUEST` wins, a list with commas.
    ///
    /// At most 32 headers of a request are captured, and 4096 bytes of one.
    pub fn capture_request_headers(
        mut self,
        names: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        self.request_headers = collect(names);
        self
    }

    /// The same for responses: `http.response.header.<name>`,
    /// `OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_RESPONSE`.
    pub fn capture_response_headers(
        mut self,
        names: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        self.response_headers = collect(names);
        self
    }

    /// Captured headers of which only `REDACTED` is recorded, in place of the default: names that tell of
    /// authorization, a cookie, a token, a secret, a password, a credential, a session, a signature, a key, or of a user whom
    /// a proxy has identified. An empty list records everything as it is, but for secrets in URLs.
    ///
    /// `OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SANITIZE_FIELDS` adds to them, a list with commas.
    pub fn sanitized_headers(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.sanitized_headers = collect(names);
        self
    }

    /// The proxies that are believed when they say for whom they ask: IP addresses, or networks such as `10.0.0.0/8`. By
    /// default none is. `OTEL_RUST_HTTP_TRUSTED_PROXIES` wins, a list with commas.
    ///
    /// `client.address`, `server.address`, `server.port` and `url.scheme` follow what they say. The client is the first,
    /// seen from the server, that is not one of them: what it wrote itself is not read. 32 proxies in a row at most.
    pub fn trusted_proxies(
        mut self,
        networks: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        self.trusted_proxies = collect(networks);
        self
    }

    /// By which headers they say it. `OTEL_RUST_HTTP_FORWARDING_HEADERS` wins: `x-forwarded` or `forwarded`, in any
    /// case.
    pub fn forwarding_headers(mut self, headers: ForwardingHeaders) -> Self {
        self.forwarding = headers;
        self
    }

    /// The lowest status code that makes an exchange an error; 500 by default, as the semantic conventions have it, and
    /// never above. `OTEL_RUST_HTTP_SERVER_ERROR_FROM` wins.
    pub fn error_from(mut self, status: u16) -> Self {
        self.error_from = status;
        self
    }

    /// Also measures how many bytes the bodies of requests and responses have, as attributes and as metrics:
    /// `http.server.request.body.size` and `http.server.response.body.size`.
    pub fn measure_body_sizes(mut self) -> Self {
        self.body_sizes = BodySizes::Measured;
        self
    }

    /// Called when a recorded span has started, to set attributes or a name. A panic in it is ignored.
    pub fn on_request(
        mut self,
        hook: impl Fn(&SpanRef<'_>, &Request) + Send + Sync + 'static,
    ) -> Self {
        self.hooks.add_request(hook);
        self
    }

    /// Called when a recorded span has its response's head. A panic in it is ignored.
    pub fn on_response(
        mut self,
        hook: impl Fn(&SpanRef<'_>, &Response) + Send + Sync + 'static,
    ) -> Self {
        self.hooks.add_response(hook);
        self
    }

    /// Where metrics are recorded, in place of the global meter provider. One that is not the SDK's has to implement
    /// [`SyncInstrument::bind`](opentelemetry::metrics::SyncInstrument::bind).
    pub fn meter(mut self, meter: Meter) -> Self {
        self.meter = Some(meter);
        self
    }

    /// What to do, if every setting makes sense.
    pub(crate) fn rules(self, variables: &HttpVariables) -> Result<Rules, InvalidHttpSetting> {
        let or = |variable: &Option<String>, setting| match variable {
            Some(list) => patterns::list(list),
            None => setting,
        };
        let mut sanitized = self.sanitized_headers;
        sanitized.extend(or(&variables.sanitized_headers, Vec::new()));
        Ok(Rules {
            excluded_paths: self.excluded_paths,
            excluded_urls: patterns::urls(&or(&variables.excluded_urls, self.excluded_urls))?,
            captured: CapturedHeaders {
                request: patterns::names(&or(&variables.request_headers, self.request_headers))?,
                response: patterns::names(&or(&variables.response_headers, self.response_headers))?,
                sanitized: patterns::names(&sanitized)?,
            },
            proxies: TrustedProxies::new(
                or(&variables.trusted_proxies, self.trusted_proxies),
                match &variables.forwarding {
                    Some(name) => ForwardingHeaders::parse(name)
                        .ok_or(InvalidHttpSetting::ForwardingHeaders)?,
                    None => self.forwarding,
                },
            )?,
            hooks: self.hooks,
            body_sizes: self.body_sizes,
            meter: self.meter,
            known_methods: variables.known_methods(),
            error_from: variables.error_from.unwrap_or(self.error_from).min(500),
        })
    }
}

impl fmt::Debug for HttpSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpSettings")
            .field("excluded_paths", &self.excluded_paths)
            .field("excluded_urls", &self.excluded_urls)
            .field("request_headers", &self.request_headers)
            .field("response_headers", &self.response_headers)
            .field("trusted_proxies", &self.trusted_proxies)
            .field("error_from", &self.error_from)
            .finish_non_exhaustive()
    }
}

fn collect(texts: impl IntoIterator<Item = impl Into<String>>) -> Vec<String> {
    texts.into_iter().map(Into::into).collect()
}

// === impl HttpVariables ===

impl HttpVariables {
    /// `OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS`, for servers and clients alike.
    pub(crate) fn known_methods(&self) -> KnownMethods {
        let list = self.known_methods.as_deref().map(patterns::list);
        list.map_or_else(KnownMethods::default, KnownMethods::new)
    }

    pub(crate) fn read(read: &Reader<'_>) -> Self {
        let var = |name: &str| read.text(name);
        let capture = "OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_";
        Self {
            excluded_urls: var("OTEL_RUST_EXCLUDED_URLS"),
            request_headers: var(&format!("{capture}SERVER_REQUEST")),
            response_headers: var(&format!("{capture}SERVER_RESPONSE")),
            sanitized_headers: var(&format!("{capture}SANITIZE_FIELDS")),
            trusted_proxies: var("OTEL_RUST_HTTP_TRUSTED_PROXIES"),
            forwarding: var("OTEL_RUST_HTTP_FORWARDING_HEADERS"),
            error_from: read.number("OTEL_RUST_HTTP_SERVER_ERROR_FROM", 100),
            known_methods: var("OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS"),
        }
    }
}

// === impl Rules ===

impl Rules {
    /// Whether a response of this status makes its exchange an error.
    pub(crate) fn is_error(&self, status: StatusCode) -> bool {
        status.as_u16() >= self.error_from
    }
}
