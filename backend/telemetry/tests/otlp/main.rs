//! OTLP to real receivers: over HTTP and gRPC, with TLS, and to such as are down, slow, or refuse.

mod answers;
mod outage;
mod receiver;
mod signals;
#[path = "../support/mod.rs"]
mod support;
mod tls;
