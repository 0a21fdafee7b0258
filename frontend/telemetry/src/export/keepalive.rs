//! The browser's quota for requests that outlive the page.
//!
//! Fetch allows 64 KiB of bodies in flight with `keepalive`, for the whole page; Chromium allows nine such requests.
//! What is over the quota is refused at once. A request counts until its *response* has been read to the end.

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;

use std::cell::Cell;

/// Bytes in flight at most: the rest of the 64 KiB is for the application.
pub(crate) const MAX_BYTES: usize = 60 * 1024;
/// Requests in flight at most.
pub(crate) const MAX_REQUESTS: usize = 9;

thread_local! {
    static IN_FLIGHT: Cell<(usize, usize)> = const { Cell::new((0, 0)) };
}

/// The right to send so many bytes with `keepalive`. It is given back when it is dropped.
#[derive(Debug)]
#[must_use]
pub(crate) struct KeepaliveLease {
    bytes: usize,
}

/// The bytes that a lease can be had for now.
pub(crate) fn available() -> usize {
    let (bytes, requests) = IN_FLIGHT.get();
    if requests < MAX_REQUESTS {
        MAX_BYTES.saturating_sub(bytes)
    } else {
        0
    }
}

// === impl KeepaliveLease ===

impl KeepaliveLease {
    /// `None` when the quota has no room: then the request goes without.
    pub(crate) fn take(bytes: usize) -> Option<Self> {
        if bytes > available() {
            return None;
        }
        let (in_flight, requests) = IN_FLIGHT.get();
        IN_FLIGHT.set((in_flight + bytes, requests + 1));
        Some(Self { bytes })
    }
}

impl Drop for KeepaliveLease {
    fn drop(&mut self) {
        let (bytes, requests) = IN_FLIGHT.get();
        IN_FLIGHT.set((bytes.saturating_sub(self.bytes), requests.saturating_sub(1)));
    }
}
