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

pub mod hex;
pub mod limits;
pub mod names;
mod percent;
pub mod pipeline;
pub mod redact;
pub mod server_timing;
pub mod w3c;
