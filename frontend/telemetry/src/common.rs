//! What every span and log record says: in whose session, and of which user it is.

use throughline_core::otlp::{Attributes, Max};

/// Sets the attributes that all have in common.
#[cfg_attr(
    not(feature = "session"),
    expect(
        unused_variables,
        clippy::missing_const_for_fn,
        reason = "there are none"
    )
)]
pub(crate) fn set(attributes: &mut Attributes, max: Max) {
    #[cfg(feature = "session")]
    crate::session::set(attributes, max);
}
