//! `key=value` in queries and fragments.

use std::borrow::Cow;

use super::{BASE, redact};
use crate::{has, percent};

/// Names of parameters that carry a secret by custom.
const SECRETS: &[u8] = b"code state sig otp totp pwd";

/// What the names of further ones hold, those that the semantic conventions ask to redact in `url.full` among them.
const PARTS: &[u8] = b"token secret passw passphrase credential signature apikey accesskey session jwt assertion saml \
    verifier authorization";

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
    let letters = name.iter().filter(|byte| !has(b"-_.", **byte));
    let letters: Vec<u8> = letters.map(u8::to_ascii_lowercase).collect();
    let holds = |part: &[u8]| letters.windows(part.len()).any(|it| it == part);
    words(SECRETS).any(|secret| secret == letters) || words(PARTS).any(holds)
}

fn words(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    list.split(|byte| *byte == b' ')
}

fn hides_secret(value: &[u8]) -> bool {
    percent::decode_ascii(value)
        .is_some_and(|inner| matches!(redact(&inner, BASE, Values::Keep), Cow::Owned(_)))
}
