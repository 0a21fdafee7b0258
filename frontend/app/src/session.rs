//! Who is signed in, for every page that somebody signed in sees.

use leptos::prelude::*;
use rag_admin_api::{Role, User};

use crate::api::ApiError;

/// A context of all that is below [`App`](crate::app::App) while somebody is signed in.
#[derive(Clone, Copy)]
pub(crate) struct SignedIn {
    user: StoredValue<User>,
    last_trace: RwSignal<Option<String>>,
    ended: Callback<Option<ApiError>>,
}

// === impl SignedIn ===

impl SignedIn {
    /// Makes it the context of the calling component. `ended` is called when nobody is signed in any more.
    pub(crate) fn provide(user: User, ended: Callback<Option<ApiError>>) {
        let session = SignedIn {
            user: StoredValue::new(user),
            last_trace: RwSignal::new(None),
            ended,
        };
        session.remember_trace();
        provide_context(session);
    }

    pub(crate) fn expect() -> SignedIn {
        expect_context()
    }

    pub(crate) fn email(self) -> String {
        self.user.with_value(|user| user.email.clone())
    }

    pub(crate) fn role(self) -> Role {
        self.user.with_value(|user| user.role)
    }

    /// The trace of the last click that made the server do something.
    pub(crate) fn last_trace(self) -> Option<String> {
        self.last_trace.get()
    }

    /// To be called for such a click: by the time that its trace is asked for, the last click is another one.
    pub(crate) fn remember_trace(self) {
        let trace = throughline_browser::last_trace_id();
        self.last_trace.set(trace.map(|trace| trace.to_string()));
    }

    /// Nobody is signed in any more; perhaps with a word of why.
    pub(crate) fn end(self, reason: Option<ApiError>) {
        self.ended.run(reason);
    }
}
