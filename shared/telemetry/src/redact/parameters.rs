//! `key=value` in queries and fragments.

use std::borrow::Cow;

use super::{BASE, redact};
use crate::{has, percent};

/// What carries a secret by custom, in any case; and with `=` what the semantic conventions ask to redact in `url.full`,
/// in exactly this case.
const SECRETS: &[u8] =
    b"token code state password api_key session AWSAccessKeyId= Signature= sig= X-Amz-Credential= \
    X-Amz-Security-Token= X-Amz-Signature= X-Goog-Signature=";
const SECRET_SUFFIX: &[u8; 6] = b"_token";

/// Whether the values of harmless parameters are searched for URLs with secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Values {
    LookInside,
    /// Once is enough, and bounds the work.
    Keep,
}

/// Where the secret in the parameter at the end of `text` starts: at the end, if there is none.
///
/// A value goes on to the end: only a reader of it knows what `;` means to him.
pub(super) fn parameter(text: &[u8], start: usize, values: Values) -> usize {
    let mut key = start;
    let mut look_inside = values == Values::LookInside;
    let mut at = start;
    while let Some(byte) = text.get(at) {
        let value = at + 1;
        if *byte == b'=' {
            if is_secret(text.get(key..at).unwrap_or_default()) {
                return value;
            }
            // Further ones are part of the same value.
            if look_inside && hides_secret(text.get(value..).unwrap_or_default()) {
                return value;
            }
            look_inside = false;
        }
        if has(b"&?#;/=!:@, ", *byte) {
            key = value;
        }
        at = value;
    }
    at
}

fn is_secret(key: &[u8]) -> bool {
    let decoded = percent::decode_ascii(key);
    let mut name = decoded.as_ref().map_or(key, |key| key.as_bytes());
    // `user[password]`, `token[]`.
    while let [rest @ .., b'[' | b']'] = name {
        name = rest;
    }
    let bracket = name.iter().rposition(|byte| *byte == b'[');
    if let Some(inner) = bracket.and_then(|at| name.get(at + 1..)) {
        name = inner;
    }
    let is_known = |known: &[u8]| match known.strip_suffix(b"=") {
        Some(exactly) => exactly == name,
        None => known.eq_ignore_ascii_case(name),
    };
    let ending = name.last_chunk::<6>();
    SECRETS.split(|byte| *byte == b' ').any(is_known)
        || ending.is_some_and(|it| it.eq_ignore_ascii_case(SECRET_SUFFIX))
}

fn hides_secret(value: &[u8]) -> bool {
    percent::decode_ascii(value)
        .is_some_and(|inner| matches!(redact(&inner, BASE, Values::Keep), Cow::Owned(_)))
}
