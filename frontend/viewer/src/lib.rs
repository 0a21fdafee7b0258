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

pub mod colour;
pub mod duration;
mod json;
pub mod keyboard;
pub mod layout;
pub mod model;
pub mod otlp;
pub mod polling;
pub mod route;
pub mod summary;
pub mod tree;
