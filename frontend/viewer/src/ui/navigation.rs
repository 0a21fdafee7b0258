//! The address bar: which page is shown, and going to another one without loading the application again.
//!
//! Two pages and three parameters need no router.

use leptos::ev;
use leptos::prelude::*;
use throughline_viewer::route::{BASE, Route};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, MouseEvent};

/// Where the viewer is. A context of the whole page.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Navigation {
    route: RwSignal<Route>,
}

impl Navigation {
    /// Follows the address bar and clicks on links into the viewer.
    pub(crate) fn provide() -> Self {
        let navigation = Self {
            route: RwSignal::new(current()),
        };
        let _ = window_event_listener(ev::popstate, move |_| navigation.route.set(current()));
        let _ = window_event_listener(ev::click, move |event| navigation.follow(&event));
        provide_context(navigation);
        navigation
    }

    pub(crate) fn from_context() -> Self {
        expect_context()
    }

    pub(crate) fn route(self) -> Signal<Route> {
        self.route.into()
    }

    /// Changes what the page shows without an entry in the history: filters, the selected span.
    pub(crate) fn replace(self, route: Route) {
        if let Ok(history) = window().history() {
            let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&route.href()));
        }
        self.route.set(route);
    }

    fn push(self, route: Route) {
        if let Ok(history) = window().history() {
            let _ = history.push_state_with_url(&JsValue::NULL, "", Some(&route.href()));
        }
        window().scroll_to_with_x_and_y(0.0, 0.0);
        self.route.set(route);
    }

    /// A plain click on a link to a page of the viewer goes there; all others are the browser's.
    fn follow(self, event: &MouseEvent) {
        let modified = event.ctrl_key() || event.meta_key() || event.shift_key() || event.alt_key();
        if event.default_prevented() || event.button() != 0 || modified {
            return;
        }
        let element = event
            .target()
            .and_then(|target| target.dyn_into::<Element>().ok());
        let link = element.and_then(|element| element.closest("a[href]").ok().flatten());
        let href = link
            .and_then(|link| link.get_attribute("href"))
            .unwrap_or_default();
        if href.starts_with(BASE) {
            let (path, search) = href.split_once('?').unwrap_or((&href, ""));
            event.prevent_default();
            self.push(Route::parse(path, search));
        }
    }
}

fn current() -> Route {
    let location = window().location();
    let (path, search) = (location.pathname(), location.search());
    Route::parse(&path.unwrap_or_default(), &search.unwrap_or_default())
}
