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

pub mod error;
mod exporter;
mod http;
mod init;
mod late;
mod logs;
pub mod metrics;
mod processor;
mod propagate;
pub mod reqwest;
mod resource;
pub mod sampling;
mod settings;
pub mod sqlx;
pub mod task;
mod telemetry;
mod trace;

pub use self::{
    http::{ErrorType, ForwardingHeaders, HttpSettings, InvalidHttpSetting, TrustedProxies},
    init::{Builder, CARDINALITY_LIMIT, EXCLUDED_PATHS, InstallError, init},
    processor::Processing,
    telemetry::{DeadlineExceeded, Telemetry},
    trace::SpanMatch,
};
pub use throughline_core::pipeline::{DropReason, Ledger, Retry, Settings as BatchSettings};
