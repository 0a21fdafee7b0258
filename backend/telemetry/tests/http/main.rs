//! HTTP exchanges with real servers: their spans and metrics.

mod drops;
mod ends;
mod metrics;
mod protocols;
mod series;
mod settings;
mod spans;
#[path = "../support/mod.rs"]
mod support;
