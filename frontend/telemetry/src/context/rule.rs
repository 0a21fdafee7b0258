//! What a spawn and a wake do to the context of a task: the rule alone.

use opentelemetry::Context;

use crate::interaction::roots;

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

/// A context of something that is not done yet. It keeps the context's root open.
#[derive(Debug, Default)]
pub(crate) struct Cause {
    pub(crate) cx: Context,
}

/// How a task is woken: whose the current context is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wake {
    /// An interaction's listeners are being called.
    ByListener,
    /// A task or a bound callback runs, in a context of its own.
    ByTask,
    /// The context is merely still current: a timer of another interaction may be what runs.
    Afterglow,
    /// There is none.
    Unknown,
}

// === impl Origin ===

impl Origin {
    /// The origin of a task that is spawned with an active span, while a task or callback of origin `running` runs.
    pub(crate) fn of_spawned_in(running: Option<Self>) -> Self {
        match running {
            Some(Self::Mount | Self::Reaction) => Self::Reaction,
            Some(Self::Handler) | None => Self::Handler,
        }
    }

    /// Whether a task of this origin, whose own root `is_open`, goes over to the context of a wake.
    ///
    /// What waited for a lock until its root had ended is still the work of its own interaction, whichever task lets it
    /// in. What a listener wakes then begins anew.
    pub(crate) fn follows(self, wake: Wake, is_open: bool) -> bool {
        match wake {
            Wake::ByListener => !is_open || self != Self::Handler,
            Wake::ByTask => self != Self::Handler,
            Wake::Afterglow => !is_open,
            Wake::Unknown => !is_open && self == Self::Mount,
        }
    }
}

// === impl Cause ===

impl Cause {
    pub(crate) fn new(cx: Context) -> Self {
        roots::held(&cx);
        Self { cx }
    }

    pub(crate) fn current() -> Self {
        Self::new(Context::current())
    }
}

impl Drop for Cause {
    fn drop(&mut self) {
        roots::released(&self.cx);
    }
}
