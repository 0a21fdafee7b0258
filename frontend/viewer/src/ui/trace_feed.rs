//! The data of the trace page: asked for again until the trace is at rest, so that late spans appear by themselves.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;
use throughline_viewer::model::Model;
use throughline_viewer::otlp::{Id, Trace};
use throughline_viewer::polling::{Completeness, is_worth_asking};
use throughline_viewer::route;

use super::api::{self, Failure};
use super::{clock, poll};

#[derive(Clone, Copy)]
pub(crate) struct TraceFeed {
    /// The trace as far as it was received; `None` before its first span.
    pub(crate) model: RwSignal<Option<Arc<Model>>>,
    /// Why the last request was not answered.
    pub(crate) failure: RwSignal<Option<Failure>>,
    trace: StoredValue<Id>,
    asking: StoredValue<bool>,
    /// Of the last answer: nothing is built anew when nothing changed.
    answer_hash: StoredValue<u64>,
    /// In nanoseconds since the Unix epoch.
    last_change: StoredValue<u64>,
}

impl TraceFeed {
    pub(crate) fn new(trace: Id) -> Self {
        let feed = Self {
            model: RwSignal::new(None),
            failure: RwSignal::new(None),
            trace: StoredValue::new(trace),
            asking: StoredValue::new(false),
            answer_hash: StoredValue::new(0),
            last_change: StoredValue::new(clock::now()),
        };
        feed.ask();
        poll::while_visible(move || {
            if feed.is_worth_asking() {
                feed.ask();
            }
        });
        feed
    }

    fn is_worth_asking(self) -> bool {
        let completeness = match self.model.get_untracked() {
            _ if self.failure.with_untracked(Option::is_some) => Completeness::Absent,
            None => Completeness::Absent,
            Some(model) if model.tree.is_incomplete() => Completeness::Incomplete,
            Some(_) => Completeness::Complete,
        };
        let unchanged = clock::now().saturating_sub(self.last_change.get_value());
        is_worth_asking(completeness, Duration::from_nanos(unchanged))
    }

    fn ask(self) {
        if self.asking.get_value() {
            return;
        }
        self.asking.set_value(true);
        spawn_local(async move {
            let url = self.trace.with_value(route::trace_api);
            let answer = api::get(&url).await;
            // The person may have left the page.
            if self.asking.try_set_value(false).is_some() {
                return;
            }
            let taken = answer.and_then(|body| self.take(&body));
            api::report(self.failure, taken.err());
        });
    }

    fn take(self, body: &str) -> Result<(), Failure> {
        let mut hasher = DefaultHasher::new();
        body.hash(&mut hasher);
        let hash = hasher.finish();
        if self.model.with_untracked(Option::is_some) && self.answer_hash.get_value() == hash {
            return Ok(());
        }
        let model = Model::new(Trace::parse(body).map_err(|_| Failure::Unreadable)?);
        if model.span_count() == 0 {
            return Err(Failure::NotFound);
        }
        self.answer_hash.set_value(hash);
        self.last_change.set_value(clock::now());
        self.model.set(Some(Arc::new(model)));
        Ok(())
    }
}
