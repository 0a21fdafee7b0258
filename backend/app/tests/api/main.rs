//! The server as its clients see it: a real one, on a free port, with a folder of its own.

pub(crate) mod authority;
mod border;
pub(crate) mod documented;
mod documents;
mod limits;
mod metrics;
pub(crate) mod npm;
mod oidc;
mod openapi;
mod pages;
mod password;
pub(crate) mod provider;
mod sessions;
mod sign_in;
pub(crate) mod support;
mod telemetry;
pub(crate) mod trace;
mod users;
mod w3c;
