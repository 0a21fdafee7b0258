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
pub mod ids;
pub mod limits;
pub mod names;
pub mod otlp;
mod percent;
pub mod pipeline;
pub mod redact;
pub mod server_timing;
pub mod w3c;

/// `contains`, without the search for long texts that the standard library links.
#[expect(clippy::manual_contains, reason = "it is what this is for")]
fn has(bytes: &[u8], byte: u8) -> bool {
    bytes.iter().any(|it| *it == byte)
}
