//! Redirects, followed one request at a time, so that each has its span and its own headers.
//!
//! The rules are reqwest's: 303, and 301 and 302 after a POST, go on as GET without the body; credentials stay with the
//! origin that they were meant for. No `Referer` is sent: it would tell one server the URLs of another.

use super::template::UrlTemplate;
use ::reqwest::{Request, Response, Url};
use ::reqwest_middleware::{Error, Middleware, Next, Result};
use http::{
    Extensions, HeaderMap, HeaderName, HeaderValue, Method, StatusCode,
    header::{
        AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, LOCATION,
        PROXY_AUTHORIZATION, TRANSFER_ENCODING, WWW_AUTHENTICATE,
    },
};
use std::time::Instant;
use throughline_core::w3c;

/// What describes a body.
const OF_THE_BODY: [HeaderName; 4] = [
    CONTENT_ENCODING,
    CONTENT_LENGTH,
    CONTENT_TYPE,
    TRANSFER_ENCODING,
];

/// What another origin is not told, beside every header that the application marked as sensitive.
pub(super) const OF_THE_ORIGIN: [HeaderName; 8] = [
    AUTHORIZATION,
    COOKIE,
    HeaderName::from_static("cookie2"),
    PROXY_AUTHORIZATION,
    WWW_AUTHENTICATE,
    HeaderName::from_static(w3c::BAGGAGE),
    HeaderName::from_static(w3c::TRACEPARENT),
    HeaderName::from_static(w3c::TRACESTATE),
];

/// A server redirected a request more often than the client follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("redirected more than {0} times: the server may be sending requests in a circle")]
pub struct TooManyRedirects(pub usize);

/// Sends a request again to where its answer points.
#[derive(Debug)]
pub(super) struct FollowRedirects {
    max: usize,
    /// Default headers of the client that another origin is not told.
    withheld: Vec<HeaderName>,
}

/// The request of whose extensions this is part is the last one: a further redirect is an error.
#[derive(Clone, Copy, Debug)]
struct LastHop;

// === impl FollowRedirects ===

impl FollowRedirects {
    pub(super) fn new(max: usize, withheld: Vec<HeaderName>) -> Self {
        Self { max, withheld }
    }
}

#[async_trait::async_trait]
impl Middleware for FollowRedirects {
    async fn handle(
        &self,
        mut request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> Result<Response> {
        let started = Instant::now();
        let timeout = request.timeout().copied();
        // The template is that of the first URL. What is around may send the request again: it finds it in its place.
        let template = extensions.get::<UrlTemplate>().copied();
        extensions.remove::<LastHop>();
        let mut followed = 0;
        let result = loop {
            let kept = Kept::of(&request);
            if followed == self.max {
                extensions.insert(LastHop);
            }
            let response = match next.clone().run(request, extensions).await {
                Ok(response) => response,
                Err(error) => break Err(error),
            };
            let Some(mut onwards) = kept.redirected(&response, &self.withheld) else {
                break Ok(response);
            };
            if followed == self.max {
                break Err(Error::middleware(TooManyRedirects(self.max)));
            }
            followed += 1;
            extensions.remove::<UrlTemplate>();
            *onwards.timeout_mut() = timeout.map(|it| it.saturating_sub(started.elapsed()));
            request = onwards;
        };
        if let Some(template) = template {
            extensions.insert(template);
        }
        result
    }
}

/// Whether a response asks for one redirect more than are followed.
pub(super) fn is_one_too_many(response: &Response, extensions: &Extensions) -> bool {
    // Its request has no body that could be sent once only: the first one would have had to be sent again.
    extensions.get::<LastHop>().is_some() && target(response).is_some()
}

/// What a further request is made of.
struct Kept {
    /// Without the body, if that is a stream.
    request: Request,
    body: Body,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Body {
    Kept,
    /// A stream can be sent once.
    Gone,
}

// === impl Kept ===

impl Kept {
    fn of(request: &Request) -> Self {
        if let Some(request) = request.try_clone() {
            return Self {
                request,
                body: Body::Kept,
            };
        }
        let mut head = Request::new(request.method().clone(), request.url().clone());
        head.headers_mut().clone_from(request.headers());
        *head.version_mut() = request.version();
        Self {
            request: head,
            body: Body::Gone,
        }
    }

    /// The request that `response` asks for. None if it asks for none, or for one that cannot be sent.
    fn redirected(self, response: &Response, withheld: &[HeaderName]) -> Option<Request> {
        let status = response.status();
        let url = target(response)?;
        let Self { mut request, body } = self;
        let becomes_get = match status {
            StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => request.method() == Method::POST,
            StatusCode::SEE_OTHER => request.method() != Method::HEAD,
            _ => false,
        };
        if becomes_get {
            as_get(&mut request);
        } else if body == Body::Gone {
            return None;
        }
        if request.url().origin() != url.origin() {
            keep_to_the_origin(request.headers_mut(), withheld);
        }
        *request.url_mut() = url;
        Some(request)
    }
}

/// Where a response points, if it is a redirect.
fn target(response: &Response) -> Option<Url> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let location = response.headers().get(LOCATION)?;
    let location = std::str::from_utf8(location.as_bytes()).ok()?;
    let url = response.url().join(location).ok()?;
    matches!(url.scheme(), "http" | "https").then_some(url)
}

fn as_get(request: &mut Request) {
    *request.method_mut() = Method::GET;
    *request.body_mut() = None;
    for name in OF_THE_BODY {
        request.headers_mut().remove(name);
    }
}

/// Headers that reqwest would put in again are `withheld` by an empty value: it has no other way.
fn keep_to_the_origin(headers: &mut HeaderMap, withheld: &[HeaderName]) {
    for name in OF_THE_ORIGIN {
        headers.remove(name);
    }
    let sensitive = headers
        .iter()
        .filter(|(_, value)| HeaderValue::is_sensitive(value));
    let sensitive: Vec<HeaderName> = sensitive.map(|(name, _)| name.clone()).collect();
    for name in sensitive {
        headers.remove(name);
    }
    for name in withheld {
        headers.insert(name, HeaderValue::from_static(""));
    }
}
