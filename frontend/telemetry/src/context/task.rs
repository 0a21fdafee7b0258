//! A spawned future, polled in the context that the rules give it.

use std::cell::Cell;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{self, Poll, Wake as WakeTask, Waker};

use opentelemetry::Context;
use wasm_bindgen::JsValue;

use super::frame;
use super::rule::{Cause, Origin, Wake};
use crate::interaction::{roots, turn};

/// As `any_spawner` has them.
pub(crate) type LocalFuture = Pin<Box<dyn Future<Output = ()>>>;

/// The task around a future.
pub(crate) struct Task {
    future: LocalFuture,
    state: Arc<State>,
}

/// The task as its wakers see it. The standard library's wakers ask for the `Mutex`; it is never contended in a page,
/// and never held while other code runs.
pub(crate) struct State(Mutex<Shared>);

struct Shared {
    origin: Origin,
    /// The interaction that the task works for, if it is one's.
    own: Cause,
    /// Of whoever polls the task. The browser's queue always has the same for one task.
    waker: Option<Waker>,
}

thread_local! {
    /// Wakes say nothing about their cause: they come from within a traced run, which has a context of its own.
    static IS_QUIET: Cell<bool> = const { Cell::new(false) };
}

/// By which the root of the current context is known; 0 if there is none.
#[inline(never)]
pub(crate) fn current_root() -> u64 {
    Context::map_current(roots::key)
}

/// Whether there is a span that something could be part of.
pub(crate) fn is_active() -> bool {
    current_root() != 0
}

/// Whether a task or a bound callback of an interaction is what runs.
pub(crate) fn is_work() -> bool {
    frame::running().is_some() && is_active()
}

/// Wakes a task on behalf of a run that has its own context.
pub(crate) fn wake_quietly(waker: &Waker) {
    let outer = IS_QUIET.replace(true);
    waker.wake_by_ref();
    IS_QUIET.set(outer);
}

// === impl Task ===

impl Task {
    /// A task that is spawned now.
    pub(crate) fn new(future: LocalFuture) -> Self {
        let shared = Shared {
            origin: if is_active() {
                Origin::of_spawned_in(frame::running())
            } else {
                Origin::Mount
            },
            own: Cause::current(),
            waker: None,
        };
        Self {
            future,
            state: Arc::new(State(Mutex::new(shared))),
        }
    }
}

impl Future for Task {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, task: &mut task::Context<'_>) -> Poll<()> {
        let state = Arc::clone(&self.state);
        // To enter a frame runs no other code.
        let entered = state.with(|shared| {
            shared.waker.get_or_insert_with(|| task.waker().clone());
            let cx = shared.own.cx.clone();
            Some(frame::enter(shared.origin, Some(Arc::clone(&state)), cx))
        });
        let waker = Waker::from(state);
        let poll = self
            .future
            .as_mut()
            .poll(&mut task::Context::from_waker(&waker));
        drop(entered);
        poll
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        // Wakers may outlive the task: in a timer that was never cleared, say.
        let over = self
            .state
            .with(|shared| (mem::take(&mut shared.own), shared.waker.take()));
        drop(over);
    }
}

// === impl State ===

impl State {
    /// The task reacts, whoever made it.
    pub(crate) fn reacts(&self) {
        self.with(|shared| {
            if shared.origin == Origin::Handler {
                shared.origin = Origin::Reaction;
            }
        });
    }

    /// It works for the interaction of this context from now on.
    #[cfg(feature = "leptos")]
    pub(crate) fn go_over(&self, cx: Context) {
        drop(self.with(|shared| mem::replace(&mut shared.own, Cause::new(cx))));
    }

    /// Whether the interaction that the task works for used this control.
    pub(crate) fn is_of(&self, control: &JsValue) -> bool {
        self.with(|shared| roots::is_with(&shared.own.cx, control))
    }

    /// The task is to be polled. The rules are applied to a wake in the current context, unless nothing is known of it.
    pub(crate) fn woken(&self, wake: Option<Wake>) {
        let replaced = self.with(|shared| {
            // The browser's queue takes note of it, nothing more.
            if let Some(waker) = &shared.waker {
                waker.wake_by_ref();
            }
            let wake = wake?;
            // What wakes a task that reacts, if not an interaction's code, is no sign of life of that interaction.
            let is_silent = wake == Wake::Unknown && shared.origin == Origin::Mount;
            let is_open = if is_silent {
                roots::is_open(&shared.own.cx)
            } else {
                roots::active(&shared.own.cx)
            };
            let follows = shared.origin.follows(wake, is_open);
            follows.then(|| mem::replace(&mut shared.own, Cause::current()))
        });
        // Outside: it may be the last that held a span.
        drop(replaced);
    }

    /// What `f` says of it; the default while it is in use, which is never.
    fn with<T: Default>(&self, f: impl FnOnce(&mut Shared) -> T) -> T {
        match self.0.try_lock() {
            Ok(mut shared) => f(&mut shared),
            Err(_) => T::default(),
        }
    }
}

impl WakeTask for State {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let root = current_root();
        self.woken(if IS_QUIET.get() {
            None
        } else if root == 0 {
            Some(Wake::Unknown)
        } else if frame::running().is_some() {
            Some(Wake::ByTask)
        } else if turn::is_afterglow(root) {
            Some(Wake::Afterglow)
        } else {
            Some(Wake::ByListener)
        });
    }
}
