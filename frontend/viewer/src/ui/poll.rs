//! Asking again and again, but only while somebody looks.

use leptos::ev;
use leptos::prelude::*;
use throughline_viewer::polling::INTERVAL;
use web_sys::VisibilityState;

/// Calls `ask` at every interval while the page is visible, and at once when it becomes visible again. Ends with the
/// component that called it.
pub(crate) fn while_visible(ask: impl Fn() + Copy + 'static) {
    let ask_if_visible = move || {
        if document().visibility_state() == VisibilityState::Visible {
            ask();
        }
    };
    let interval = set_interval_with_handle(ask_if_visible, INTERVAL);
    let shown = window_event_listener(ev::visibilitychange, move |_| ask_if_visible());
    on_cleanup(move || {
        if let Ok(interval) = interval {
            interval.clear();
        }
        shown.remove();
    });
}
