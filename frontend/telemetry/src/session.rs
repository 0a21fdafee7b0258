//! Sessions.

use crate::otlp::Attributes;

pub(crate) fn set(_attributes: &mut Attributes, _max: usize) {}

/// The 56 random bits that all traces of this session share.
pub(crate) fn randomness() -> u64 {
    0
}
