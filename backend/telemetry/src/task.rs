//! Work on other threads that stays in the caller's trace.

use opentelemetry::Context;
use tokio::task::JoinHandle;
use tracing::{Span, dispatcher};

/// [`tokio::task::spawn_blocking`], with the caller's span still current on the blocking thread.
///
/// Spans and logs made in `f` belong to the caller's trace: the `tracing` span, the OpenTelemetry context (baggage
/// included) and the subscriber go along. Password hashing is the classic use.
///
/// ```
/// # async fn sign_in() -> Result<bool, tokio::task::JoinError> {
/// let valid = throughline_instrument::task::spawn_blocking(|| {
///     tracing::info_span!("bcrypt.verify").in_scope(|| true)
/// });
/// valid.await
/// # }
/// ```
///
/// # Panics
///
/// As the function of tokio does: outside of a tokio runtime. A panic in `f` is an error of the handle.
#[track_caller]
pub fn spawn_blocking<F, R>(f: F) -> JoinHandle<R>
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    let subscriber = dispatcher::get_default(Clone::clone);
    let span = Span::current();
    let context = Context::current();
    tokio::task::spawn_blocking(move || {
        dispatcher::with_default(&subscriber, || {
            span.in_scope(|| {
                // Entering the span made its own context current; the caller may have been inside a span of the
                // OpenTelemetry API within it.
                let _attached = context.attach();
                f()
            })
        })
    })
}
