//! Which context is current when code runs: the rules, and who applies them.
//!
//! | code | its context |
//! |---|---|
//! | a task (`spawn_local`, `Action`, …) | that in which it was spawned, at every poll |
//! | a task made without an active span (`Effect`, `Resource`: one endless task, made at mount) | that in which it is woken; of several wakes before a poll, often only the first is known |
//! | such a task, woken without a context (by a timer, by an answer) | the one it has, while that one's root is open |
//! | a task that such a task spawned | that in which it was spawned, until another interaction's own code wakes it |
//! | a task whose root has ended | that of a later interaction whose listener wakes it, else its own |
//! | a run of a `Resource` through [`traced`] | the cause of that run, whatever wakes the task meanwhile |
//! | what reads signals through [`traced_source`] | that in which one of them was changed last |
//! | a JavaScript callback | none, but with [`bind`] that in which it was bound |
//!
//! An `Effect` cannot be told from the work that an `Effect` spawned: both are futures that wait for a wake. So that work
//! goes over as well when another interaction lets it into a lock or sends it something; `traced` around it prevents it.

mod bind;
#[cfg(feature = "leptos")]
mod executor;
mod frame;
mod rule;
#[cfg(feature = "leptos")]
mod source;
mod task;
mod traced;

pub use self::bind::{Bind, bind};
#[cfg(feature = "leptos")]
pub(crate) use self::executor::install;
pub(crate) use self::frame::reset;
#[cfg(feature = "leptos")]
pub use self::source::traced_source;
pub(crate) use self::task::{current_root, is_active, is_work};
pub(crate) use self::traced::used_again;
pub use self::traced::{Traced, traced};

/// Spawns a future that keeps the present context across its `await`s: for applications without Leptos, whose own
/// `spawn_local` does so by itself once the client is installed.
///
/// ```no_run
/// # async fn save() {}
/// // in a click's listener: what is fetched belongs to the click
/// throughline_browser::spawn_local(async { save().await });
/// ```
pub fn spawn_local(future: impl Future<Output = ()> + 'static) {
    wasm_bindgen_futures::spawn_local(task::Task::new(Box::pin(future)));
}
