//! `key=value` in queries and fragments.

use std::borrow::Cow;

use super::edit::Edit;
use super::{REDACTED, redact as redact_url};
use crate::percent;

/// What the semantic conventions ask to redact in `url.full`, in exactly this case.
const SIGNATURES: [&str; 7] = [
    "AWSAccessKeyId",
    "Signature",
    "sig",
    "X-Amz-Credential",
    "X-Amz-Security-Token",
    "X-Amz-Signature",
    "X-Goog-Signature",
];

/// What carries a secret by custom, in any case.
const SECRETS: [&str; 6] = ["token", "code", "state", "password", "api_key", "session"];
const SECRET_SUFFIX: &[u8] = b"_token";

/// Whether the values of harmless parameters are searched for URLs with secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Values {
    LookInside,
    /// Once is enough, and bounds the work.
    Keep,
}

/// Redacts the values of secret parameters. A value ends at `&`: only a reader of it knows what `;` means to him.
pub(super) fn redact(text: &str, values: Values) -> Cow<'_, str> {
    let mut edit = Edit::new(text);
    let mut searched = 0;
    let mut redacted = 0;
    for (equals, _) in text.match_indices('=') {
        if equals < redacted {
            continue;
        }
        let start = equals + 1;
        let value = |text: &'_ str| text.find('&').unwrap_or(text.len());
        let rest = text.get(start..).unwrap_or_default();
        if is_secret(key(text.get(..equals).unwrap_or_default())) {
            redacted = start + value(rest);
        } else if values == Values::LookInside && equals >= searched {
            // The first `=` between two `&`; further ones are part of the same value.
            searched = start + value(rest);
            if !hides_secret(text.get(start..searched).unwrap_or_default()) {
                continue;
            }
            redacted = searched;
        } else {
            continue;
        }
        edit.replace(start..redacted, REDACTED);
    }
    edit.finish()
}

/// The key at the end of what is before an `=`.
fn key(before: &str) -> &str {
    let ends = ['&', '?', '#', ';', '/', '=', '!', ':', '@', ',', ' '];
    before.rsplit(ends).next().unwrap_or_default()
}

fn is_secret(key: &str) -> bool {
    let key = percent::decode(key);
    let key = key.trim_end_matches("[]").trim_end_matches(']');
    let name = key.rsplit('[').next().unwrap_or(key);
    let ending = name.len().checked_sub(SECRET_SUFFIX.len());
    SIGNATURES.contains(&name)
        || SECRETS
            .iter()
            .any(|secret| name.eq_ignore_ascii_case(secret))
        || ending
            .and_then(|at| name.as_bytes().get(at..))
            .is_some_and(|ending| ending.eq_ignore_ascii_case(SECRET_SUFFIX))
}

fn hides_secret(value: &str) -> bool {
    match percent::decode(value) {
        Cow::Borrowed(_) => false,
        Cow::Owned(inner) => matches!(redact_url(&inner, Values::Keep), Cow::Owned(_)),
    }
}
