//! Whether anything may be recorded at all.
//!
//! Disabled means: nothing is recorded, sent or stored, no context goes into requests, and what waited is dropped.

use std::cell::Cell;

use crate::{export, interaction};

thread_local! {
    static GIVEN: Cell<bool> = const { Cell::new(true) };
}

/// Records and sends from now on, as after the user's consent.
pub fn enable() {
    GIVEN.set(true);
}

/// Records and sends nothing from now on. What was recorded and has not been sent is dropped, for
/// [`DropReason::Disabled`](crate::DropReason::Disabled).
pub fn disable() {
    GIVEN.set(false);
    interaction::roots::end_all();
    #[cfg(feature = "metrics")]
    crate::metrics::forget();
    export::forget();
}

/// Whether anything is recorded.
pub fn is_enabled() -> bool {
    GIVEN.get()
}

pub(crate) use is_enabled as is_given;

pub(crate) fn set(given: bool) {
    GIVEN.set(given);
}
