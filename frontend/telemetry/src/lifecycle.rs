//! The page being hidden or left: what is there is sent at once, because there may be no later.

use web_sys::Window;

use crate::export::{self, Pace};
use crate::interaction::roots;
use crate::page;

/// Listens to the page. `pagehide` is the window's event: a listener on the document never hears it.
pub(crate) fn install(window: &Window) {
    page::listen(window, "pagehide", |_| say_all(Pace::Left));
    // It bubbles to the window.
    page::listen(window, "visibilitychange", |_| {
        if export::is_left() {
            // A page that was seen is hidden after its `pagehide`: what its own handlers have begun since is the last.
            say_all(Pace::Left);
        } else if page::is_hidden() {
            say_all(Pace::Hidden);
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
fn say_all(pace: Pace) {
    // What ends now is left to the last word, which waits for nothing.
    export::hold();
    if pace == Pace::Left {
        end_all();
    }
    #[cfg(feature = "navigation")]
    crate::navigation::leave();
    #[cfg(feature = "web-vitals")]
    crate::vitals::hidden();
    #[cfg(feature = "metrics")]
    crate::metrics::collect();
    export::leave(pace);
}
