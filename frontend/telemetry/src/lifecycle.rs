//! The page being hidden or left: what is there is sent at once, because there may be no later.

use web_sys::Window;

use crate::export;
use crate::interaction::roots;
use crate::page;

/// Listens to the page. `pagehide` is the window's event: a listener on the document never hears it.
pub(crate) fn install(window: &Window) {
    page::listen(window, "pagehide", |_| {
        // What ends now is left to the last word, which waits for nothing.
        export::hold_back(true);
        end_all();
        send_all();
        export::hold_back(false);
    });
    // It bubbles to the window.
    page::listen(window, "visibilitychange", |_| {
        if page::is_hidden() {
            send_all();
        }
    });
}

/// Ends what is under way: nobody will live to see its end.
pub(crate) fn end_all() {
    #[cfg(any(feature = "fetch", feature = "xhr"))]
    crate::http::end_all();
    #[cfg(feature = "document-load")]
    crate::document::finish();
    #[cfg(feature = "navigation")]
    crate::navigation::leave();
    roots::end_all();
}

/// Says what is to be said while somebody may still hear it.
fn send_all() {
    #[cfg(feature = "navigation")]
    crate::navigation::leave();
    #[cfg(feature = "web-vitals")]
    crate::vitals::hidden();
    #[cfg(feature = "metrics")]
    crate::metrics::collect();
    export::send_all();
}
