//! The data of the trace list: asked for when the filter changes, every two seconds, and page by page into the past.

use std::collections::BTreeSet;

use leptos::prelude::*;
use leptos::task::spawn_local;
use throughline_viewer::route::{self, Filter};
use throughline_viewer::summary::{Listing, Page};

use super::api::{self, Failure};
use super::{clock, poll};

/// Fits a large screen.
const PAGE_SIZE: u32 = 50;

#[derive(Clone, Copy)]
pub(crate) struct ListFeed {
    /// What is asked for.
    pub(crate) filter: Memo<Filter>,
    /// The list, with the filter that it answers; `None` before the first answer.
    pub(crate) listing: RwSignal<Option<(Filter, Listing)>>,
    /// Why the last request was not answered.
    pub(crate) failure: RwSignal<Option<Failure>>,
    /// Every service that was seen so far.
    pub(crate) services: RwSignal<BTreeSet<String>>,
    /// When the last answer came, in nanoseconds since the Unix epoch.
    pub(crate) now: RwSignal<u64>,
    /// What is being asked, so that a slow server is not asked twice.
    asking: StoredValue<Option<String>>,
}

impl ListFeed {
    pub(crate) fn new(filter: Memo<Filter>) -> Self {
        let feed = Self {
            filter,
            listing: RwSignal::new(None),
            failure: RwSignal::new(None),
            services: RwSignal::default(),
            now: RwSignal::new(clock::now()),
            asking: StoredValue::new(None),
        };
        Effect::new(move |_| {
            filter.track();
            feed.refresh();
        });
        poll::while_visible(move || feed.refresh());
        feed
    }

    /// Asks for the newest page.
    pub(crate) fn refresh(self) {
        self.ask(None, |listing, page| listing.refresh(page));
    }

    /// Asks for the page after the last one.
    pub(crate) fn load_more(self) {
        let next = self
            .listing
            .with_untracked(|shown| shown.as_ref()?.1.next.clone());
        if next.is_some() {
            self.ask(next.as_deref(), Listing::extend);
        }
    }

    fn ask(self, cursor: Option<&str>, apply: fn(&mut Listing, Page)) {
        let filter = self.filter.get_untracked();
        let url = route::list_api(&filter, PAGE_SIZE, cursor);
        if self
            .asking
            .with_value(|asking| asking.as_ref() == Some(&url))
        {
            return;
        }
        self.asking.set_value(Some(url.clone()));
        spawn_local(async move {
            let answer = api::get(&url).await;
            // The person may have gone elsewhere, or typed on.
            if self.filter.try_get_untracked().as_ref() != Some(&filter) {
                return;
            }
            self.asking.update_value(|asking| {
                asking.take_if(|asking| *asking == url);
            });
            match answer.and_then(|body| Page::parse(&body).map_err(|_| Failure::Unreadable)) {
                Ok(page) => self.show(filter, page, apply),
                Err(failure) => api::report(self.failure, Some(failure)),
            }
        });
    }

    fn show(self, filter: Filter, page: Page, apply: fn(&mut Listing, Page)) {
        api::report(self.failure, None);
        self.now.set(clock::now());
        let seen: Vec<_> = page
            .traces
            .iter()
            .flat_map(|trace| trace.services.clone())
            .collect();
        if self
            .services
            .with_untracked(|known| seen.iter().any(|name| !known.contains(name)))
        {
            self.services.update(|known| known.extend(seen));
        }
        let shown = self.listing.get_untracked();
        let mut listing = match &shown {
            Some((answered, listing)) if *answered == filter => listing.clone(),
            _ => Listing::default(),
        };
        apply(&mut listing, page);
        let fresh = Some((filter, listing));
        if fresh != shown {
            self.listing.set(fresh);
        }
    }
}
