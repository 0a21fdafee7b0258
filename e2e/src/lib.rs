#![doc = include_str!("../README.md")]

/// The examples of the workspace's README, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
mod readme {}

/// Those of the pitfalls.
#[cfg(doctest)]
#[doc = include_str!("../../docs/pitfalls.md")]
mod pitfalls {}

mod browser;
mod drive;
mod firefox;
mod lab;
mod process;
pub mod receiver;
pub mod record;
mod server;
mod trace;
mod traces;
mod wait;

pub use browser::Browser;
pub use drive::Drive;
pub use firefox::Firefox;
pub use lab::{Echo, Lab};
pub use process::{Process, free_port, program, workspace};
pub use receiver::{Answer, Receiver};
pub use server::{DEMO_EMAIL, DEMO_PASSWORD, Server, TOKEN};
pub use trace::{Span, Trace};
pub use traces::Traces;
pub use wait::until;
