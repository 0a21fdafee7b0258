//! Which context is current when code runs: the rules, and who applies them.
//!
//! | code | its context |
//! |---|---|
//! | a task (`spawn_local`, `Action`, …) | that in which it was spawned, at every poll |
//! | a task made without an active span (`Effect`, `Resource`: one endless task, made at mount) | that in which it is woken |
//! | a task that such a task spawned | that in which it was spawned, until another interaction's own code wakes it |
//! | a task whose root has ended | that of a later interaction that wakes it, else its own |
//! | a run of a `Resource` through [`traced`] | the cause of that run, whatever wakes the task meanwhile |
//! | a JavaScript callback | none, but with [`bind`] that in which it was bound |

mod bind;
mod executor;
mod frame;
mod rule;
mod task;
mod traced;

pub use self::bind::{Bind, bind};
pub(crate) use self::executor::install;
pub(crate) use self::frame::reset;
pub(crate) use self::task::{is_active, is_work};
pub(crate) use self::traced::used_again;
pub use self::traced::{Traced, traced};
