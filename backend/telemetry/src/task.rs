//! Background work that stays in the trace.
//!
//! A bare [`tokio::spawn`] loses the trace: what it does belongs to nobody. These do not:
//!
//! | the work | use | its span |
//! |---|---|---|
//! | is part of what the caller does | [`spawn`] | child of the caller's |
//! | is caused by it, but runs on its own (a queue, a nightly job) | [`spawn_linked`] | root of a new trace, linked to the caller's |
//! | blocks | [`spawn_blocking`] | none: what it makes is a child of the caller's |
//!
//! A job may outlive its request: it does not keep the caller's span open. Its own span ends when it does, or when it is
//! aborted (`throughline.task.cancelled`, which is no error) or panics (an error, `error.type=panic`).
//!
//! Futures for something other than [`tokio::spawn`] are made with [`continued`] and [`linked`]:
//!
//! ```
//! use throughline_instrument::task;
//! use tokio::task::JoinSet;
//!
//! # async fn index(_page: u32) {}
//! # async fn index_all() {
//! let mut pages = JoinSet::new();
//! for page in 0..3 {
//!     pages.spawn(task::continued("index page", index(page)));
//! }
//! pages.join_all().await;
//! # }
//! ```
//!
//! Through a channel, the context travels beside the message:
//!
//! ```
//! use opentelemetry::{Context, context::FutureExt};
//! use throughline_instrument::task;
//!
//! # async fn send_mail(_to: String) {}
//! # async fn mails() {
//! let (queue, mut mails) = tokio::sync::mpsc::channel(64);
//! queue.send((Context::current(), "d@example.com".to_owned())).await.ok();
//! # drop(queue);
//! while let Some((cause, to)) = mails.recv().await {
//!     // `continued` would make it a part of the sender's trace.
//!     let job = { let _cause = cause.attach(); task::linked("send mail", send_mail(to)) };
//!     job.await;
//! }
//! # }
//! ```

mod job;

pub use self::job::Job;

use opentelemetry::{
    Context,
    baggage::{BaggageExt, KeyValueMetadata},
    trace::TraceContextExt,
};
use tokio::task::JoinHandle;
use tracing::{Span, dispatcher, info_span};
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// [`tokio::spawn`] for work that is part of what the caller does: its span is a child of the caller's.
///
/// ```
/// # async fn upload() {
/// throughline_instrument::task::spawn("index document", async {
///     tracing::info!("has the trace id of the upload");
/// });
/// # }
/// ```
///
/// # Panics
///
/// As the function of tokio does: outside of a tokio runtime. A panic in the future is an error of the handle.
#[track_caller]
pub fn spawn<F>(name: &'static str, future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    tokio::spawn(continued(name, future))
}

/// [`tokio::spawn`] for work that the caller causes, but that is not part of it: the root of a new trace, with a link to
/// the caller's span. The sampler decides anew; baggage goes along.
///
/// # Panics
///
/// As [`spawn`].
#[track_caller]
pub fn spawn_linked<F>(name: &'static str, future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    tokio::spawn(linked(name, future))
}

/// The future that [`spawn`] spawns: its span, named `name`, is a child of the one that is current now.
pub fn continued<F: Future>(name: &'static str, future: F) -> Job<F> {
    let context = Context::current();
    let span = detached_span(name);
    // An error says that the span is not wanted.
    let _ = span.set_parent(context.clone());
    Job::new(context, span, future)
}

/// The future that [`spawn_linked`] spawns: its span, named `name`, begins a trace, and links to the span that is current
/// now.
pub fn linked<F: Future>(name: &'static str, future: F) -> Job<F> {
    let caller = Context::current();
    let baggage = caller.baggage().iter().map(|(key, (value, metadata))| {
        KeyValueMetadata::new(key.clone(), value.clone(), metadata.clone())
    });
    let context = Context::new().with_baggage(baggage);
    let span = detached_span(name);
    let _ = span.set_parent(context.clone());
    span.add_link(caller.span().span_context().clone());
    Job::new(context, span, future)
}

/// A span without a parent for `tracing`, which would keep that parent open until this one ends. OpenTelemetry is told
/// of the parent by itself.
fn detached_span(name: &'static str) -> Span {
    info_span!(parent: None, "task", otel.name = name)
}

/// [`tokio::task::spawn_blocking`], in the caller's context.
///
/// Spans and logs made in `f` belong to the caller's span: the OpenTelemetry context (baggage included) and the
/// subscriber go along. Password hashing is the classic use. The `tracing` span itself does not: what blocks cannot be
/// aborted, and would keep it open after its caller is gone.
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
    let context = Context::current();
    tokio::task::spawn_blocking(move || {
        dispatcher::with_default(&subscriber, || {
            let _attached = context.attach();
            f()
        })
    })
}
