//! The collector over its public surface: a real server on a port of its own, a real HTTP client.

mod access;
mod api;
mod binary;
mod browser;
mod exporter;
mod otlp;
mod support;
