//! `traced`: every run of a `Resource` in the context of what caused it.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context as TaskContext, Poll, Wake, Waker};

use wasm_bindgen::JsValue;

use super::frame;
use super::rule::{self, Cause, Origin};
use super::task::{State, wake_quietly};
use crate::interaction::roots;

/// Makes each run of a `Resource`'s fetcher part of the interaction that caused that run.
///
/// A `Resource` is one task for all its runs. While one run waits, a click may ask for the next: the wake is for the
/// next run, not for this one. `traced` gives every run a context of its own.
///
/// One limit: while a run waits, Leptos tells of the first wish for another and not of those after it. Further uses of
/// the same control are taken for such wishes, so that the run that follows belongs to the last of them; where another
/// control asks as well, it belongs to the one that asked first, unless the source is a [`traced_source`], which knows.
///
/// [`traced_source`]: crate::traced_source
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
    move |source| Traced {
        // The first run is made by whoever makes the Resource, all others by whoever wakes its task.
        cause: Cause::current(),
        future: Box::pin(fetcher(source)),
        under_way: None,
        waker: None,
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

/// A task one of whose runs is under way, until the value is dropped. See [`used_again`].
struct UnderWay(Weak<State>);

thread_local! {
    static UNDER_WAY: RefCell<Vec<Weak<State>>> = const { RefCell::new(Vec::new()) };
    /// [`wish_again`], once there is a run: applications without one do without it.
    static WISH_AGAIN: Cell<Option<fn(&JsValue)>> = const { Cell::new(None) };
}

/// A new interaction with this control has begun, in the current context.
pub(crate) fn used_again(control: &JsValue) {
    if let Some(wish_again) = WISH_AGAIN.get() {
        wish_again(control);
    }
}

/// A new interaction with the same control as that which woke a task last.
///
/// A `Resource` hears of its first wish for another run at once, but of the wishes that follow only when the present run
/// is over: its waker is spent. The run that comes then is for the last of them. So each further use of the same control
/// is taken for such a wish.
fn wish_again(control: &JsValue) {
    let under_way = UNDER_WAY.with(|all| all.try_borrow().map(|it| it.clone()).unwrap_or_default());
    for task in under_way.iter().filter_map(Weak::upgrade) {
        if task.is_of(control) {
            task.woken(Some(rule::Wake::ByListener));
        }
    }
}

// === impl UnderWay ===

impl UnderWay {
    /// A run of the task that is being polled: that is a `Resource`, so it reacts.
    fn begin() -> Option<Self> {
        let task = frame::polled()?;
        task.reacts();
        WISH_AGAIN.set(Some(wish_again));
        UNDER_WAY.with(|all| {
            let task = Arc::downgrade(&task);
            all.try_borrow_mut().ok()?.push(Weak::clone(&task));
            Some(Self(task))
        })
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let _ = UNDER_WAY.try_with(|all| {
            if let Ok(mut all) = all.try_borrow_mut()
                && let Some(index) = all.iter().position(|it| it.ptr_eq(&self.0))
            {
                all.swap_remove(index);
            }
        });
    }
}

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
        let _entered = frame::enter(Origin::Handler, None, this.cause.cx.clone());
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
        wake_quietly(&self.0);
    }
}
