//! `traced`: every run of a `Resource` in the context of what caused it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context as TaskContext, Poll, Wake, Waker};

use opentelemetry::Context;

use super::rule::{Cause, Origin, Quiet, Running};
use super::task::{self, UnderWay};
use crate::interaction::roots;

/// Makes each run of a `Resource`'s fetcher part of the interaction that caused that run.
///
/// A `Resource` is one task for all its runs. While one run waits, a click may ask for the next: the wake is for the
/// next run, not for this one. `traced` gives every run a context of its own.
///
/// One limit: while a run waits, Leptos tells of the first wish for another and not of those after it. Further uses of
/// the same control are taken for such wishes, so that the run that follows belongs to the last of them; where another
/// control asks as well, it belongs to the one that asked first.
///
/// ```no_run
/// use leptos::prelude::*;
/// use throughline_browser::traced;
///
/// async fn load(id: u32) -> String {
///     format!("the user with id {id}")
/// }
///
/// let id = RwSignal::new(1);
/// let user = Resource::new(move || id.get(), traced(load));
/// let local = LocalResource::new(move || traced(load)(id.get()));
/// ```
pub fn traced<S, F: Future>(fetcher: impl Fn(S) -> F) -> impl Fn(S) -> Traced<F> {
    let ran = AtomicBool::new(false);
    move |source| {
        // The first run is made by whoever makes the Resource, all others by whoever wakes it.
        let woken_by = if ran.swap(true, Ordering::Relaxed) {
            task::woken_by()
        } else {
            None
        };
        let cx = woken_by.unwrap_or_else(Context::current);
        let future = {
            let _current = cx.clone().attach();
            Box::pin(fetcher(source))
        };
        Traced {
            future,
            cause: Cause::new(cx),
            under_way: None,
            waker: None,
        }
    }
}

/// One run, as [`traced`] returns it.
#[must_use = "futures do nothing unless polled"]
pub struct Traced<F> {
    future: Pin<Box<F>>,
    cause: Cause,
    under_way: Option<UnderWay>,
    /// The caller's waker, and ours around it.
    waker: Option<(Waker, Waker)>,
}

/// A waker that says nothing about the cause: the run knows it.
struct QuietWaker(Waker);

// === impl Traced ===

impl<F: Future> Future for Traced<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, task: &mut TaskContext<'_>) -> Poll<F::Output> {
        let this = &mut *self;
        let outer = task.waker();
        let (_, waker) = match this.waker.take().filter(|(same, _)| same.will_wake(outer)) {
            Some(wakers) => this.waker.insert(wakers),
            None => {
                let quiet = Waker::from(Arc::new(QuietWaker(outer.clone())));
                this.waker.insert((outer.clone(), quiet))
            }
        };
        if this.under_way.is_none() {
            this.under_way = UnderWay::begin();
        }
        roots::active(&this.cause.cx);
        let _running = Running::enter(Origin::Handler);
        let _current = this.cause.cx.clone().attach();
        this.future
            .as_mut()
            .poll(&mut TaskContext::from_waker(waker))
    }
}

impl<F> std::fmt::Debug for Traced<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Traced")
            .field("cause", &self.cause)
            .finish_non_exhaustive()
    }
}

// === impl QuietWaker ===

impl Wake for QuietWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let _quiet = Quiet::enter();
        self.0.wake_by_ref();
    }
}
