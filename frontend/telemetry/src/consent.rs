//! Whether anything may be recorded at all.
//!
//! Disabled means: nothing is recorded, sent or stored, no context goes into requests, and what waited is dropped. The
//! user's choice itself is the application's to keep.

use std::cell::Cell;

use crate::{export, interaction};

thread_local! {
    static GIVEN: Cell<bool> = const { Cell::new(true) };
    static EPOCH: Cell<u32> = const { Cell::new(0) };
}

/// Records and sends from now on, as after the user's consent.
///
/// The application keeps the choice and says it again on each load, by [`Builder::disabled`](crate::Builder::disabled)
/// and this.
pub fn enable() {
    GIVEN.set(true);
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
    GIVEN.set(false);
    EPOCH.set(epoch().wrapping_add(1));
    interaction::roots::end_all();
    #[cfg(feature = "metrics")]
    crate::metrics::forget();
    export::forget();
    #[cfg(feature = "session")]
    crate::session::forget();
}

/// Another one after each [`disable`]: what was begun before is not to be told of after.
pub(crate) fn epoch() -> u32 {
    EPOCH.get()
}

/// Whether anything is recorded.
pub fn is_enabled() -> bool {
    GIVEN.get()
}

pub(crate) use is_enabled as is_given;
