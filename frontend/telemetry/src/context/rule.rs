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

/// A context of a task, while it counts as that of an interaction.
#[derive(Debug, Default)]
pub(crate) struct Cause {
    pub(crate) cx: Context,
    _hold: Option<roots::Hold>,
}

/// How surely the current context is the cause of what happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Certainty {
    /// It is that of the code that runs: of a listener, a task, a bound callback.
    Sure,
    /// It is merely still current: a timer of another interaction may be what runs.
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
    pub(crate) fn follows(self, wake: Certainty, is_open: bool) -> bool {
        match wake {
            Certainty::Sure => !is_open || self != Self::Handler,
            Certainty::Afterglow => !is_open,
            Certainty::Unknown => !is_open && self == Self::Mount,
        }
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
