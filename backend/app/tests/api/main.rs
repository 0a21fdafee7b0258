//! The server as its clients see it: a real one, on a free port, with a folder of its own.

mod authority;
mod border;
mod documented;
mod documents;
mod limits;
mod metrics;
mod npm;
mod oidc;
mod openapi;
mod pages;
mod password;
mod provider;
mod sessions;
mod sign_in;
mod support;
mod telemetry;
mod trace;
mod users;
mod w3c;
