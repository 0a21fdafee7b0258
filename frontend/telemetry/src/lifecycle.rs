//! The page being hidden or left: what is there is sent at once, because there may be no later.

use web_sys::{VisibilityState, Window};

use crate::export;
use crate::interaction::roots;
use crate::page;

/// Listens to the page. `pagehide` is the window's event: a listener on the document never hears it.
pub(crate) fn install(window: &Window) {
    page::listen(window, "pagehide", |_| {
        #[cfg(feature = "fetch")]
        crate::fetch::end_all();
        roots::end_all();
        send_all();
    });
    let Some(document) = window.document() else {
        return;
    };
    page::listen(&document.clone(), "visibilitychange", move |_| {
        if document.visibility_state() == VisibilityState::Hidden {
            send_all();
        }
    });
}

fn send_all() {
    #[cfg(feature = "metrics")]
    crate::metrics::collect();
    export::send_all();
}
