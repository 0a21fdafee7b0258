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
        #[cfg(feature = "document-load")]
        crate::document::finish();
        hidden();
        roots::end_all();
        export::send_all();
    });
    let Some(document) = window.document() else {
        return;
    };
    page::listen(&document.clone(), "visibilitychange", move |_| {
        if document.visibility_state() == VisibilityState::Hidden {
            hidden();
            export::send_all();
        }
    });
}

/// What is to be said while somebody may still hear it.
fn hidden() {
    #[cfg(feature = "navigation")]
    crate::navigation::leave();
    #[cfg(feature = "web-vitals")]
    crate::vitals::hidden();
}
