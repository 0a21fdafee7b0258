//! A document's state changes by itself: the page asks for it while one is being indexed, and somebody can see it.

use std::time::Duration;

use leptos::{leptos_dom::helpers::window_event_listener_untyped, prelude::*, task::spawn_local};
use rag_admin_api::{Document, DocumentState};

use crate::{api::ApiError, parts::Listed, session::SignedIn};

/// From an answer to the next question.
const EVERY: Duration = Duration::from_secs(1);
/// The same while the server cannot be reached: each time twice as long, up to this.
const AT_MOST: Duration = Duration::from_secs(30);

#[derive(Clone, Copy)]
struct Watch {
    documents: RwSignal<Vec<Document>>,
    /// Which watch this is: one that was begun before is over.
    turn: StoredValue<u32>,
    session: SignedIn,
}

/// Keeps the states of `documents` as those on the server, for as long as the calling component is there.
pub(super) fn watch(documents: RwSignal<Vec<Document>>) {
    let watch = Watch {
        documents,
        turn: StoredValue::new(0),
        session: SignedIn::expect(),
    };
    let is_visible = visibility();
    let is_indexing = Memo::new(move |_| documents.with(|all| all.iter().any(is_indexing)));
    Effect::new(move || {
        watch.turn.update_value(|turn| *turn += 1);
        if is_visible.get() && is_indexing.get() {
            watch.wait(watch.turn.get_value(), EVERY);
        }
    });
}

fn is_indexing(document: &Document) -> bool {
    document.state == DocumentState::Indexing
}

/// Whether the tab is in front.
fn visibility() -> ReadSignal<bool> {
    let (is_visible, set_visible) = signal(!document().hidden());
    let listener = window_event_listener_untyped("visibilitychange", move |_| {
        set_visible.set(!document().hidden());
    });
    on_cleanup(move || listener.remove());
    is_visible
}

// === impl Watch ===

impl Watch {
    fn is_over(self, turn: u32) -> bool {
        self.turn.try_get_value() != Some(turn)
    }

    /// A timer belongs to no click: what is asked then is not part of the trace of the upload, which has long ended.
    fn wait(self, turn: u32, pause: Duration) {
        let ask = move || {
            if !self.is_over(turn) {
                spawn_local(self.ask(turn, pause));
            }
        };
        set_timeout(ask, pause);
    }

    async fn ask(self, turn: u32, pause: Duration) {
        let Some(after) = self.before_the_first() else {
            return;
        };
        let pause = match Document::page(after).await {
            Ok((news, _)) if !self.is_over(turn) => {
                self.take(&news);
                EVERY
            }
            Err(error @ ApiError::Unauthorized(_)) => return self.session.end(Some(error)),
            Ok(_) => return,
            Err(_) => AT_MOST.min(pause * 2),
        };
        if !self.is_over(turn) {
            self.wait(turn, pause);
        }
    }

    /// The document before the first that is being indexed: the page after it is what to ask for.
    fn before_the_first(self) -> Option<String> {
        self.documents.try_with_untracked(|all| {
            let first = all.iter().position(is_indexing)?;
            let before = first.checked_sub(1).and_then(|index| all.get(index));
            Some(
                before
                    .map(|document| document.id.clone())
                    .unwrap_or_default(),
            )
        })?
    }

    fn take(self, news: &[Document]) {
        self.documents.update(|all| {
            for known in all {
                if let Some(new) = news.iter().find(|new| new.id == known.id) {
                    known.state = new.state;
                }
            }
        });
    }
}
