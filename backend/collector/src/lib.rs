#![doc = include_str!("../README.md")]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )
)]

pub mod access;
mod api;
mod attributes;
mod collector;
mod exporter;
mod hex;
mod otlp;
mod settings;
mod store;
mod viewer;

pub use access::Access;
pub use collector::Collector;
pub use exporter::StoreExporter;
pub use settings::{BrowserSettings, OtlpSettings, Settings};
pub use store::OpenError;
