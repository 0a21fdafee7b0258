//! What both sides of HTTP read of a message.

use http::{HeaderMap, Version, header::CONTENT_LENGTH};

/// Bounds of the buckets for sizes of bodies, in bytes. The conventions recommend none; durations' would put every body into one.
pub(crate) const SIZE_BOUNDS: [f64; 10] = [
    0.0,
    256.0,
    1024.0,
    4096.0,
    16_384.0,
    65_536.0,
    262_144.0,
    1_048_576.0,
    4_194_304.0,
    16_777_216.0,
];

/// `network.protocol.version`.
pub(crate) fn protocol_version(version: Version) -> Option<&'static str> {
    match version {
        Version::HTTP_10 => Some("1.0"),
        Version::HTTP_11 => Some("1.1"),
        Version::HTTP_2 => Some("2"),
        Version::HTTP_3 => Some("3"),
        _ => None,
    }
}

/// The length of the body, in bytes, where the head says it.
pub(crate) fn announced(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
