//! The client's life: switched on and off, the page being hidden or left. It tells all parts, none of which knows it.

use web_sys::Window;

use crate::export::{self, Pace};
use crate::interaction::roots;
use crate::{consent, page};

/// Records and sends from now on, as after the user's consent.
///
/// The application keeps the choice and says it again on each load, by [`Builder::disabled`](crate::Builder::disabled)
/// and this.
pub fn enable() {
    consent::give(true);
    #[cfg(feature = "session")]
    crate::session::active();
    #[cfg(feature = "offline")]
    export::offline::send_stored();
}

/// Records, sends and stores nothing from now on.
///
/// What was recorded and has not been sent is dropped, for [`DropReason::Disabled`](crate::DropReason::Disabled), and so
/// are the spans that are open now. The session is forgotten, in this page and in the storage of the origin; another tab
/// has to be disabled there. A request that is on its way to the collector is not called back.
pub fn disable() {
    consent::give(false);
    roots::end_all();
    #[cfg(any(feature = "fetch", feature = "xhr"))]
    crate::http::end_waiting();
    #[cfg(feature = "metrics")]
    crate::metrics::forget();
    export::forget();
    #[cfg(feature = "session")]
    crate::session::forget();
}

/// Sends what waits, without waiting for more. What is open stays open.
pub(crate) fn flush() {
    #[cfg(any(feature = "fetch", feature = "xhr"))]
    crate::http::end_waiting();
    #[cfg(feature = "metrics")]
    crate::metrics::collect();
    export::flush();
}

/// Listens to the page being hidden or left: what is there is sent at once, because there may be no later. `pagehide` is
/// the window's event: a listener on the document never hears it.
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
    #[cfg(any(feature = "fetch", feature = "xhr"))]
    crate::http::end_waiting();
    #[cfg(feature = "navigation")]
    crate::navigation::leave();
    #[cfg(feature = "web-vitals")]
    crate::vitals::hidden();
    #[cfg(feature = "metrics")]
    crate::metrics::collect();
    export::leave(pace);
}
