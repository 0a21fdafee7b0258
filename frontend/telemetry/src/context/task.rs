//! A spawned future, polled in the context that the rules give it.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, Weak};
use std::task::{self, Poll, Wake as WakeTask, Waker};

use any_spawner::PinnedLocalFuture;
use opentelemetry::Context;
use web_sys::Element;

use super::rule::{Cause, Origin, Quiet, Running, Wake};
use crate::interaction::roots;

/// The task around a future.
pub(crate) struct Task {
    future: PinnedLocalFuture<()>,
    state: Arc<State>,
}

/// The task as its wakers see it. The standard library's wakers ask for the `Mutex`; it is never contended in a page,
/// and never held while other code runs.
struct State {
    origin: Origin,
    /// That in which the task was spawned.
    base: Context,
    shared: Mutex<Shared>,
}

#[derive(Default)]
struct Shared {
    /// The interaction that the task works for.
    own: Option<Cause>,
    /// The last interaction that woke it, whether or not it went over to that one.
    woken_by: Option<Context>,
    /// Of whoever polls the task.
    waker: Option<Waker>,
}

thread_local! {
    static POLLED: RefCell<Option<Arc<State>>> = const { RefCell::new(None) };
    static UNDER_WAY: RefCell<Vec<Weak<State>>> = const { RefCell::new(Vec::new()) };
}

/// A task one of whose runs is under way, until the value is dropped. See [`used_again`].
pub(crate) struct UnderWay(Weak<State>);

/// A new interaction with the same control as that which woke a task last.
///
/// A `Resource` hears of its first wish for another run at once, but of the wishes that follow only when the present run
/// is over: its waker is spent. The run that comes then is for the last of them. So each further use of the same control
/// is taken for such a wish.
pub(crate) fn used_again(cx: &Context, control: &Element) {
    let under_way = UNDER_WAY.with(|all| all.try_borrow().map(|it| it.clone()).unwrap_or_default());
    for state in under_way.iter().filter_map(Weak::upgrade) {
        let woken_by = state.with(|shared| shared.woken_by.clone()).flatten();
        if woken_by.and_then(|cx| roots::control_of(&cx)).as_ref() == Some(control) {
            let wake = Some(Wake::of(cx.clone()));
            drop(state.with(|shared| state.woken(shared, wake)));
        }
    }
}

/// The last interaction that woke the task that is being polled, unless that is over.
pub(crate) fn woken_by() -> Option<Context> {
    let state = POLLED.with(|polled| polled.try_borrow().ok().and_then(|it| it.clone()))?;
    state
        .with(|shared| shared.woken_by.clone())
        .flatten()
        .filter(roots::is_open)
}

fn polled() -> Option<Arc<State>> {
    POLLED.with(|polled| polled.try_borrow().ok().and_then(|it| it.clone()))
}

// === impl UnderWay ===

impl UnderWay {
    /// A run of the task that is being polled.
    pub(crate) fn begin() -> Option<Self> {
        let state = Arc::downgrade(&polled()?);
        UNDER_WAY.with(|all| {
            all.try_borrow_mut().ok()?.push(Weak::clone(&state));
            Some(Self(state))
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

// === impl Task ===

impl Task {
    /// A task that is spawned now.
    pub(crate) fn new(future: PinnedLocalFuture<()>) -> Self {
        let base = Context::current();
        let origin = Origin::of_new_task();
        let own = (origin != Origin::Mount).then(|| Cause::new(base.clone()));
        let shared = Mutex::new(Shared {
            own,
            ..Shared::default()
        });
        Self {
            future,
            state: Arc::new(State {
                origin,
                base,
                shared,
            }),
        }
    }
}

impl Future for Task {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, task: &mut task::Context<'_>) -> Poll<()> {
        let cx = self.state.begin_poll(task.waker());
        let waker = Waker::from(Arc::clone(&self.state));
        let polled = POLLED.replace(Some(Arc::clone(&self.state)));
        let poll = {
            let _running = Running::enter(self.state.origin);
            let _current = cx.attach();
            self.future
                .as_mut()
                .poll(&mut task::Context::from_waker(&waker))
        };
        POLLED.set(polled);
        poll
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        // Wakers may outlive the task: in a timer that was never cleared, say.
        drop(self.state.with(std::mem::take));
    }
}

// === impl State ===

impl State {
    fn begin_poll(&self, waker: &Waker) -> Context {
        let own = self.with(|shared| {
            if !shared.waker.as_ref().is_some_and(|it| it.will_wake(waker)) {
                shared.waker = Some(waker.clone());
            }
            shared.own.as_ref().map(|own| own.cx.clone())
        });
        let cx = own.flatten().unwrap_or_else(|| self.base.clone());
        roots::active(&cx);
        cx
    }

    /// Applies the rules to a wake. What it replaces is returned, to be dropped outside.
    fn woken(&self, shared: &mut Shared, wake: Option<Wake>) -> (Option<Cause>, Option<Context>) {
        let own = shared.own.as_ref().map(|own| &own.cx);
        let Some(wake) = wake else {
            let is_over = own.is_some_and(|cx| !roots::is_open(cx));
            let over = (is_over && self.origin == Origin::Mount).then(|| shared.own.take());
            return (over.flatten(), None);
        };
        let known = shared.woken_by.as_ref().is_some_and(roots::is_open);
        let woken_by =
            (wake.is_sure() || !known).then(|| shared.woken_by.replace(wake.context().clone()));
        let own = self
            .origin
            .follows(&wake, own)
            .then(|| shared.own.replace(Cause::new(wake.into_context())));
        (own.flatten(), woken_by.flatten())
    }

    fn with<T>(&self, f: impl FnOnce(&mut Shared) -> T) -> Option<T> {
        self.shared.try_lock().ok().map(|mut shared| f(&mut shared))
    }
}

impl WakeTask for State {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let wake = if Quiet::is_on() {
            None
        } else {
            Some(Wake::now())
        };
        let (replaced, waker) = self
            .with(|shared| {
                let replaced = wake.map(|wake| self.woken(shared, wake));
                (replaced, shared.waker.clone())
            })
            .unzip();
        if let Some(waker) = waker.flatten() {
            waker.wake();
        }
        drop(replaced);
    }
}
