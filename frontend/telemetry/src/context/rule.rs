//! What a wake does to the context of a task: the rule alone.

use std::cell::Cell;

use opentelemetry::Context;
use opentelemetry::trace::TraceContextExt;

use crate::interaction::{roots, turn};

/// By whom a task was made, which says how far it is its maker's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Without an active span: at mount. It reacts, for as long as the page lives.
    Mount,
    /// By a task that reacts. It may be the work of that reaction, or an `Effect` of a component that it mounted.
    Reaction,
    /// By a handler, or by a task of one: it is the work of that interaction.
    Handler,
}

/// A context of a task, while it counts as that of an interaction.
#[derive(Debug)]
pub(crate) struct Cause {
    pub(crate) cx: Context,
    _hold: Option<roots::Hold>,
}

/// In which context, and how surely, something happens.
#[derive(Debug)]
pub(crate) struct Wake {
    cx: Context,
    /// The context is that of the code that runs: of a listener, a task, a bound callback. Otherwise it is merely
    /// still current, and a timer of another interaction may be what runs.
    sure: bool,
}

thread_local! {
    /// The origin of the task that is being polled.
    static RUNNING: Cell<Option<Origin>> = const { Cell::new(None) };
    /// Wakes come from within a traced run, which has a context of its own.
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Something of ours runs with a context that it set itself, until the value is dropped.
pub(crate) struct Running(Option<Origin>);

/// Wakes say nothing about their cause, until the value is dropped.
pub(crate) struct Quiet(bool);

// === impl Origin ===

impl Origin {
    /// The origin of a task that is spawned now.
    pub(crate) fn of_new_task() -> Self {
        if !Context::map_current(is_active) {
            return Self::Mount;
        }
        match RUNNING.get() {
            Some(Self::Mount | Self::Reaction) => Self::Reaction,
            Some(Self::Handler) | None => Self::Handler,
        }
    }

    /// Whether a task of this origin, with this context so far, goes over to the context of a wake.
    pub(crate) fn follows(self, wake: &Wake, so_far: Option<&Context>) -> bool {
        let free = so_far.is_none_or(|cx| !roots::is_open(cx));
        free || (wake.sure && self != Self::Handler)
    }
}

// === impl Cause ===

impl Cause {
    pub(crate) fn new(cx: Context) -> Self {
        Self {
            _hold: roots::hold(&cx),
            cx,
        }
    }
}

// === impl Wake ===

impl Wake {
    /// The wake that happens now, or `None` if nothing is known of its cause.
    pub(crate) fn now() -> Option<Self> {
        let cx = Context::current();
        let sure = RUNNING.get().is_some() || !turn::is_afterglow(&cx);
        is_active(&cx).then_some(Self { cx, sure })
    }

    /// A wake that is certainly due to `cx`.
    pub(crate) fn of(cx: Context) -> Self {
        Self { cx, sure: true }
    }

    pub(crate) fn is_sure(&self) -> bool {
        self.sure
    }

    pub(crate) fn context(&self) -> &Context {
        &self.cx
    }

    pub(crate) fn into_context(self) -> Context {
        self.cx
    }
}

/// Whether there is a span that something could be part of.
pub(crate) fn is_active(cx: &Context) -> bool {
    cx.span().span_context().is_valid()
}

/// Whether a task or a bound callback of an interaction is what runs.
pub(crate) fn is_work() -> bool {
    RUNNING.get().is_some() && Context::map_current(is_active)
}

// === impl Running ===

impl Running {
    pub(crate) fn enter(origin: Origin) -> Self {
        Self(RUNNING.replace(Some(origin)))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        RUNNING.set(self.0);
    }
}

// === impl Quiet ===

impl Quiet {
    pub(crate) fn enter() -> Self {
        Self(QUIET.replace(true))
    }

    pub(crate) fn is_on() -> bool {
        QUIET.get()
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        QUIET.set(self.0);
    }
}
