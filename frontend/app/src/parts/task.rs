//! Something that a person asks the server to do: one at a time, with an outcome to be told.

use leptos::{prelude::*, task::spawn_local};

use crate::{api::ApiError, session::SignedIn};

/// To be made by the component whose task it is. With the component's page ends what it shows, not what it has begun.
#[derive(Clone, Copy)]
pub(crate) struct Task {
    busy: RwSignal<bool>,
    outcome: RwSignal<Option<Result<String, String>>>,
    session: SignedIn,
}

// === impl Task ===

impl Task {
    pub(crate) fn new() -> Task {
        Task {
            busy: RwSignal::new(false),
            outcome: RwSignal::new(None),
            session: SignedIn::expect(),
        }
    }

    pub(crate) fn busy(self) -> Signal<bool> {
        self.busy.into()
    }

    /// Why it failed, or cannot be begun.
    pub(crate) fn failure(self) -> Option<String> {
        self.outcome.get()?.err()
    }

    /// What has been done.
    pub(crate) fn success(self) -> Option<String> {
        self.outcome.get()?.ok()
    }

    /// Says why there is nothing to be sent yet.
    pub(crate) fn complain(self, text: impl Into<String>) {
        self.outcome.set(Some(Err(text.into())));
    }

    /// Begins `work` for what was clicked or sent just now, unless the one before is under way. `done` takes the answer
    /// while the page is still there, and gives what the person reads.
    pub(crate) fn run<T: 'static>(
        self,
        work: impl Future<Output = Result<T, ApiError>> + 'static,
        done: impl FnOnce(T) -> String + 'static,
    ) {
        if self.busy.get_untracked() {
            return;
        }
        self.session.remember_trace();
        self.outcome.set(None);
        self.busy.set(true);
        spawn_local(async move {
            let result = work.await;
            if let Err(error @ ApiError::Unauthorized(_)) = result {
                return self.session.end(Some(error));
            }
            if self.busy.is_disposed() {
                return;
            }
            self.busy.set(false);
            let told = result.map(done).map_err(|error| error.to_string());
            self.outcome.set(Some(told));
        });
    }
}
