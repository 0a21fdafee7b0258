//! Panics, told on the span in which they begin.

use super::{Exception, fail, failing};
use std::{
    panic::{self, PanicHookInfo},
    sync::Once,
};

/// `error.type` and `exception.type` of a panic.
const PANIC: &str = "panic";

/// Writes every panic of the process on the span that is current where it begins; then the hook that was set before goes
/// on, which prints it. [`install`](crate::Builder::install) calls this. To call it again changes nothing.
///
/// A hook sees a panic before the stack is unwound, while its span is still current. Who catches the panic later, sees
/// only the outer spans.
pub fn record_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            record(info);
            before(info);
        }));
    });
}

fn record(info: &PanicHookInfo<'_>) {
    let Some(context) = failing(PANIC.into()) else {
        return;
    };
    let message = info.payload_as_str().unwrap_or("no message");
    fail(&context, PANIC.into(), message);
    let mut exception = Exception::new(PANIC, message);
    if let Some(location) = info.location() {
        exception = exception.at(location);
    }
    exception.write(&context);
}
