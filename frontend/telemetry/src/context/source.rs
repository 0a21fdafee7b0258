//! `traced_source`: what each change of a source is due to.

use std::mem;
use std::sync::{Arc, Mutex, Weak};

use opentelemetry::Context;
use reactive_graph::graph::{
    AnySource, AnySubscriber, Observer, ReactiveNode, Subscriber, WithObserver,
};

use super::frame;

/// Makes each run of a `Resource` part of the interaction that changed its source *last*, whatever ran meanwhile.
///
/// [`traced`](crate::traced) alone knows of the first change while a run waits, and of further uses of the same control.
/// With this around what is read, changes by different controls are told apart, too. A run that something without a
/// context caused (a timer) has none.
///
/// ```no_run
/// use leptos::prelude::*;
/// use throughline_browser::{traced, traced_source};
///
/// async fn load((from, to): (u32, u32)) -> u32 {
///     to - from
/// }
///
/// let (from, to) = (RwSignal::new(1), RwSignal::new(2));
/// let user = Resource::new(traced_source(move || (from.get(), to.get())), traced(load));
/// let local = LocalResource::new(traced_source(move || traced(load)((from.get(), to.get()))));
/// ```
///
/// An `Effect` that timers wake as well as clicks is exact with it, too: `Effect::new(traced_source(move || …))`.
pub fn traced_source<T>(source: impl Fn() -> T) -> impl Fn() -> T {
    let watch = Arc::new(Watch::default());
    move || {
        if let Some(cx) = watch.with(|seen| mem::take(&mut seen.cause)).flatten() {
            frame::go_over(cx);
        }
        let Some(outer) = Observer::get() else {
            return source();
        };
        // Under the same number: for the graph, the two are one.
        let watch_as: Weak<dyn Subscriber + Send + Sync> = Arc::downgrade(&watch) as _;
        let watch_as = AnySubscriber(outer.0, watch_as);
        watch.with(|seen| {
            seen.outer = Some(outer);
            seen.is_checking = false;
        });
        watch_as.with_observer(&source)
    }
}

/// Subscribes in place of the `Resource`, to see in which context it is told of changes.
#[derive(Default)]
struct Watch(Mutex<Seen>);

#[derive(Default)]
struct Seen {
    outer: Option<AnySubscriber>,
    /// The context of the last change, until the source is read again.
    cause: Option<Context>,
    /// Something that the source depends on in several steps has changed.
    is_checking: bool,
}

impl Watch {
    /// The source has changed, if this is no late result of a check that was begun when it changed.
    fn marked(&self, is_check: bool) -> Option<AnySubscriber> {
        let is_reading = Observer::get().is_some();
        let cx = Context::current();
        let (_replaced, outer) = self.with(|seen| {
            let is_late = !is_check && seen.is_checking && is_reading;
            seen.is_checking |= is_check;
            let replaced = (!is_late).then(|| seen.cause.replace(cx));
            (replaced, seen.outer.clone())
        })?;
        outer
    }

    fn outer(&self) -> Option<AnySubscriber> {
        self.with(|seen| seen.outer.clone())?
    }

    fn with<T>(&self, f: impl FnOnce(&mut Seen) -> T) -> Option<T> {
        Some(f(&mut *self.0.try_lock().ok()?))
    }
}

impl ReactiveNode for Watch {
    fn mark_dirty(&self) {
        if let Some(outer) = self.marked(false) {
            outer.mark_dirty();
        }
    }

    fn mark_check(&self) {
        if let Some(outer) = self.marked(true) {
            outer.mark_check();
        }
    }

    fn mark_subscribers_check(&self) {
        if let Some(outer) = self.outer() {
            outer.mark_subscribers_check();
        }
    }

    fn update_if_necessary(&self) -> bool {
        self.outer()
            .is_some_and(|outer| outer.update_if_necessary())
    }
}

impl Subscriber for Watch {
    fn add_source(&self, source: AnySource) {
        if let Some(outer) = self.outer() {
            outer.add_source(source);
        }
    }

    fn clear_sources(&self, subscriber: &AnySubscriber) {
        if let Some(outer) = self.outer() {
            outer.clear_sources(subscriber);
        }
    }
}
