//! HTTP requests that go out, traced: a CLIENT span for each one that is sent.
//!
//! ```no_run
//! use throughline_instrument::reqwest::{self, UrlTemplate};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let http = reqwest::client()?;
//! let answer = http
//!     .get("https://api.example.com/users/7")
//!     .with_extension(UrlTemplate("/users/{id}"))
//!     .send()
//!     .await?;
//! # Ok(())
//! # }
//! ```
//!
//! The client is a [`ClientWithMiddleware`], with the interface of reqwest's own. A span begins before the request's first
//! byte is sent and ends with the head of the response: the application may read the body later, in part, or not at all,
//! and for this case the semantic conventions ask for that end. A request whose future is dropped ends its span at once,
//! marked with `throughline.request.cancelled`, which is no error.
//!
//! Every hop of a redirect and every retry is a span of its own, numbered by `http.request.resend_count`.
//! What is known at the start (method, server, URL) is there for the sampler. `url.full` is redacted.
//!
//! Metrics: `http.client.request.duration` in seconds, and `http.client.request.body.size` and
//! `http.client.response.body.size` in bytes, where the size is known before the body is read.

mod builder;
mod call;
mod defaults;
mod failure;
mod hosts;
mod metrics;
mod redirect;
mod template;
mod tracing;

pub use self::{
    builder::{Builder, builder},
    redirect::TooManyRedirects,
    template::UrlTemplate,
    tracing::Tracing,
};
pub use ::reqwest_middleware::{ClientWithMiddleware, Error, RequestBuilder};

/// How many redirects [`client`] follows. As in reqwest.
const MAX_REDIRECTS: usize = 10;

/// A traced client with reqwest's defaults, which follows 10 redirects. [`builder`] makes others.
///
/// # Errors
///
/// reqwest finds no TLS backend that works, or cannot read the system's certificates.
pub fn client() -> Result<ClientWithMiddleware, ::reqwest::Error> {
    builder(::reqwest::Client::builder())
        .max_redirects(MAX_REDIRECTS)
        .build()
}
