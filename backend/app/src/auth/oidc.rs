//! Signing in with an OpenID Connect provider: the authorization code flow with PKCE (OpenID Connect Core 1.0, RFC 7636).
//!
//! The browser goes to the provider with a `state`, a `nonce` and the hash of a verifier, which a cookie keeps meanwhile. It
//! comes back with a code, which this server exchanges for a token that says who the person is.

mod attempt;
pub(crate) mod callback;
mod http;
mod identities;
mod provider;
pub(crate) mod start;

pub(crate) use provider::Provider;
