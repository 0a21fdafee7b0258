//! What went wrong, on the span that it happened in: status, `error.type`, and an exception with type, message and stack.
//!
//! ```
//! use throughline_instrument::error::RecordError;
//!
//! #[tracing::instrument]
//! fn load(path: &str) -> Result<String, std::io::Error> {
//!     std::fs::read_to_string(path).record_error() // here it happened
//! }
//!
//! #[tracing::instrument]
//! fn start() -> Result<(), std::io::Error> {
//!     load("/no/such/file").map(drop).mark_failed() // here it passed through
//! }
//! ```
//!
//! An exception is written once, where it happened: by [`record_error`](RecordError::record_error). A span that fails
//! because of it is an error too, by [`mark_failed`](RecordError::mark_failed), but does not tell the story again. Queries
//! and requests of this crate have written theirs on their own spans, and a panic on the span in which it began (once
//! [`install`](crate::Builder::install) or [`record_panics`] was called).
//!
//! What is current for OpenTelemetry counts as the span: that of `tracing`, or one of the OpenTelemetry API within it.
//! Without one, or if it is not sampled, nothing is written. Credentials and secret parameters of URLs in messages are
//! `REDACTED`; other secrets do not belong into errors.
//!
//! The semantic conventions move exceptions from span events to log records. Which of them is written,
//! [`ExceptionSignal`] says.

mod database;
mod event;
mod exception;
mod panic;
mod signal;

pub(crate) use self::{
    database::exception as of_database,
    event::ErrorEvents,
    exception::{Exception, TARGET as EXCEPTION_TARGET},
};
pub use self::{
    panic::record_panics,
    signal::{ExceptionSignal, set_exception_signal},
};

use crate::http::{InExchange, clip};
use opentelemetry::{
    Context, KeyValue,
    trace::{Status, TraceContextExt},
};
use std::{any::type_name, borrow::Cow, error::Error, panic::Location};
use throughline_core::{names, redact};

/// Says on the current span that a [`Result`] failed, and passes it on.
pub trait RecordError: Sized {
    /// Writes the exception: to be called once, where the error happened. `error.type` is the name of the error's type.
    #[track_caller]
    #[must_use = "the error is passed on"]
    fn record_error(self) -> Self;

    /// Like [`record_error`](Self::record_error), with an `error.type` that says more than the type does, such as
    /// `invalid_password`. There have to be few different ones.
    #[track_caller]
    #[must_use = "the error is passed on"]
    fn record_error_as(self, error_type: &'static str) -> Self;

    /// Makes the current span an error, without the exception: for spans that the error passes through.
    #[must_use = "the error is passed on"]
    fn mark_failed(self) -> Self;
}

/// Writes `error` on the current span, as [`RecordError::record_error_as`] does: for errors that are no [`Error`]
/// themselves, such as those of anyhow.
///
/// ```
/// # let error: Box<dyn std::error::Error> = "boxed".into();
/// throughline_instrument::error::record(&*error, "import_failed");
/// ```
#[track_caller]
pub fn record(error: &(dyn Error + 'static), error_type: &'static str) {
    record_at(error, error_type.into(), Location::caller());
}

fn record_at(
    error: &(dyn Error + 'static),
    error_type: Cow<'static, str>,
    location: &Location<'_>,
) {
    let Some(context) = failing(error_type.clone()) else {
        return;
    };
    let message = error.to_string();
    fail(&context, error_type.clone(), &message);
    Exception::new(error_type, message)
        .caused_by(error)
        .at(location)
        .write(&context);
}

/// The current context, if its span is recorded. The metrics of an exchange are told of the error in any case.
fn failing(error_type: Cow<'static, str>) -> Option<Context> {
    let context = Context::current();
    InExchange::note(&context, error_type);
    context.span().is_recording().then_some(context)
}

/// Makes the span of `context` an error.
pub(crate) fn fail(context: &Context, error_type: Cow<'static, str>, description: &str) {
    let span = context.span();
    span.set_attribute(KeyValue::new(names::error::TYPE, error_type));
    span.set_status(Status::error(clip(&redact::url(description)).to_owned()));
}

impl<T, E: Error + 'static> RecordError for Result<T, E> {
    #[track_caller]
    fn record_error(self) -> Self {
        if let Err(error) = &self {
            record_at(error, type_name::<E>().into(), Location::caller());
        }
        self
    }

    #[track_caller]
    fn record_error_as(self, error_type: &'static str) -> Self {
        if let Err(error) = &self {
            record_at(error, error_type.into(), Location::caller());
        }
        self
    }

    fn mark_failed(self) -> Self {
        if let Err(error) = &self {
            let error_type = type_name::<E>();
            if let Some(context) = failing(error_type.into()) {
                fail(&context, error_type.into(), &error.to_string());
            }
        }
        self
    }
}
