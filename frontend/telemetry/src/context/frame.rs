//! What of ours runs now, in a context that it set itself.
//!
//! A guard on the stack would be the obvious way, but WebAssembly does not unwind: after a panic, or an exception that
//! JavaScript throws through a poll, the page goes on and no guard of that stack is ever dropped. So the guards are in a
//! table, which a microtask clears: none ever runs while code of ours is on the stack.

use std::cell::RefCell;
use std::mem::ManuallyDrop;
use std::sync::Arc;

use opentelemetry::{Context, ContextGuard};

use super::rule::Origin;
use super::task::State;
use crate::interaction::roots;

struct Frame {
    origin: Origin,
    /// The task that is polled, if it is one.
    task: Option<Arc<State>>,
    #[cfg_attr(not(feature = "leptos"), expect(dead_code, reason = "it is held"))]
    current: ContextGuard,
}

/// The frame is left when this is dropped.
#[must_use]
pub(crate) struct Entered(());

thread_local! {
    /// As long as the page lives.
    static FRAMES: ManuallyDrop<RefCell<Vec<Frame>>> = const { ManuallyDrop::new(RefCell::new(Vec::new())) };
}

/// Makes a context current for what runs next.
pub(crate) fn enter(origin: Origin, task: Option<Arc<State>>, cx: Context) -> Entered {
    let frame = Frame {
        origin,
        task,
        current: cx.attach(),
    };
    frames(|frames| frames.push(frame));
    roots::queue_settling();
    Entered(())
}

/// The origin of what runs now.
#[inline(never)]
pub(crate) fn running() -> Option<Origin> {
    frames(|frames| frames.last().map(|frame| frame.origin))
}

/// The task that is being polled.
pub(crate) fn polled() -> Option<Arc<State>> {
    frames(|frames| frames.last()?.task.clone())
}

/// The task that is being polled goes over to this context, from now on.
#[cfg(feature = "leptos")]
pub(crate) fn go_over(cx: Context) {
    let Some(task) = polled() else { return };
    task.go_over(cx.clone());
    let replaced = frames(|frames| {
        let frame = frames.last_mut()?;
        Some(std::mem::replace(&mut frame.current, cx.attach()))
    });
    drop(replaced);
}

/// Leaves what a panic or an exception did not.
pub(crate) fn reset() {
    while leave() {}
}

/// Leaves what runs. Tells whether something did.
#[inline(never)]
fn leave() -> bool {
    let left = frames(Vec::pop);
    left.is_some()
}

/// What `f` says of the frames; the default while they are in use.
fn frames<T: Default>(f: impl FnOnce(&mut Vec<Frame>) -> T) -> T {
    let mut said = T::default();
    FRAMES.with(|frames| {
        if let Ok(mut frames) = frames.try_borrow_mut() {
            said = f(&mut frames);
        }
    });
    said
}

// === impl Entered ===

impl Drop for Entered {
    fn drop(&mut self) {
        leave();
    }
}
