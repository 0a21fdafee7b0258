//! The executor that Leptos (and whoever spawns through `any_spawner`) finds installed.

use any_spawner::{CustomExecutor, Executor, PinnedFuture, PinnedLocalFuture};

use super::task::Task;
use crate::page;

/// The browser's microtasks, with a context for each task.
struct ContextExecutor;

/// Becomes the executor of the page. To be called before `mount`, which would install its own.
pub(crate) fn install() {
    if Executor::init_custom_executor(ContextExecutor).is_err() {
        page::warn(
            "another executor is installed already, so spans lose their parent at the first await: \
             call install() before mount",
        );
    }
}

impl CustomExecutor for ContextExecutor {
    fn spawn(&self, future: PinnedFuture<()>) {
        self.spawn_local(future);
    }

    fn spawn_local(&self, future: PinnedLocalFuture<()>) {
        wasm_bindgen_futures::spawn_local(Task::new(future));
    }

    /// The browser polls.
    fn poll_local(&self) {}
}
