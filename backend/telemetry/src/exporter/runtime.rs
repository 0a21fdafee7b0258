//! The small tokio runtime that each exporter has for itself.

use std::io;
use tokio::runtime::{Builder, Runtime};

/// A runtime on the thread that blocks on it. It goes on while the application's runtime is busy, blocked in a shutdown,
/// or gone: an exporter that shares the application's, as the gRPC one does by default, waits there for itself for ever.
///
/// Unlike [`Runtime`], it can be dropped anywhere, also on a thread of another runtime.
#[derive(Debug)]
pub(crate) struct OwnRuntime(Option<Runtime>);

// === impl OwnRuntime ===

impl OwnRuntime {
    pub(crate) fn new() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        Ok(Self(Some(runtime)))
    }

    /// Runs `future`; none if the runtime is gone.
    pub(crate) fn block_on<F: Future>(&self, future: F) -> Option<F::Output> {
        self.0.as_ref().map(|runtime| runtime.block_on(future))
    }
}

impl Drop for OwnRuntime {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
