//! Whether anything may be recorded at all.
//!
//! Disabled means: nothing is recorded, sent or stored, no context goes into requests, and what waited is dropped. The
//! user's choice itself is the application's to keep.

use std::cell::Cell;

thread_local! {
    static GIVEN: Cell<bool> = const { Cell::new(true) };
    static EPOCH: Cell<u32> = const { Cell::new(0) };
}

/// Whether anything is recorded.
pub fn is_enabled() -> bool {
    GIVEN.get()
}

pub(crate) use is_enabled as is_given;

/// Gives it, or takes it back.
pub(crate) fn give(is_given: bool) {
    GIVEN.set(is_given);
    if !is_given {
        EPOCH.set(epoch().wrapping_add(1));
    }
}

/// Another one after each time that it was taken back: what was begun before is not to be told of after.
pub(crate) fn epoch() -> u32 {
    EPOCH.get()
}
