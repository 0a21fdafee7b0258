//! What every span and log record says: in whose session, and of which user it is.

use crate::otlp::Attributes;

/// Sets the attributes that all have in common.
pub(crate) fn set(attributes: &mut Attributes, max: usize) {
    #[cfg(feature = "session")]
    crate::session::set(attributes, max);
    let _ = (attributes, max);
}
