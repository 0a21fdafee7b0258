//! Metrics of one's own, with attributes that are declared.
//!
//! A value of an attribute is a series that the receiver keeps: a user's id on a counter makes as many series as there
//! are users. An instrument here takes no other attributes than those of its type, and those have a list of values that
//! is known when the program is compiled; a user's id does not fit.
//!
//! ```
//! use throughline_instrument::{attribute, metrics::{self, Counter}};
//! use std::sync::LazyLock;
//!
//! attribute! {
//!     /// How a sign-in ended.
//!     pub enum Outcome: "outcome" {
//!         Success = "success",
//!         Failure = "failure",
//!     }
//! }
//! attribute! {
//!     /// By what a user signed in.
//!     pub enum Method: "method" {
//!         Password = "password",
//!         Provider = "provider",
//!     }
//! }
//!
//! static SIGN_INS: LazyLock<Counter<(Outcome, Method)>> = LazyLock::new(|| {
//!     metrics::meter("shop").counter("shop.sign_ins", "{sign_in}", "Sign-ins, by how they ended.")
//! });
//!
//! SIGN_INS.add(1, (Outcome::Success, Method::Password));
//! ```
//!
//! An attribute that was not declared does not compile:
//!
//! ```compile_fail
//! # use throughline_instrument::metrics::{self, Counter};
//! let sign_ins: Counter<()> = metrics::meter("shop").counter("shop.sign_ins", "{sign_in}", "Sign-ins.");
//! sign_ins.add(1, ("user.id", "42"));
//! ```
//!
//! Behind that, views keep every instrument of an application to 100 sets of attributes (see
//! [`Builder::cardinality_limit`](crate::Builder::cardinality_limit)); what is beyond is counted under
//! `otel.metric.overflow=true`. For what this does not offer there is OpenTelemetry's own
//! [`global::meter`](opentelemetry::global::meter), with the same limit.

mod attribute;
mod instruments;
mod ledger;
mod process;
mod provider;
mod runtime;

pub use self::{
    attribute::{Attribute, Attributes},
    instruments::{Counter, Gauge, Histogram, Meter, UpDownCounter, meter},
};
pub(crate) use self::{
    ledger::observe as observe_lanes,
    process::observe as observe_process,
    provider::{Metrics, Readers},
    runtime::observe as observe_runtime,
};
