//! The server as its clients see it: a real one, on a free port, with a folder of its own.

mod border;
mod documents;
mod metrics;
mod oidc;
mod pages;
mod password;
pub(crate) mod provider;
mod sessions;
mod sign_in;
pub(crate) mod support;
mod telemetry;
mod trace;
mod users;
mod w3c;
