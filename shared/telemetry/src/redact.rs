//! What must not leave: credentials in URLs, the values of secret parameters, e-mail addresses.
//!
//! Written for text of any kind, valid URL or not: it never fails, and what is not secret stays as it is, byte for byte.
//! Redacting twice changes nothing more.

mod edit;
mod parameters;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use self::edit::Edit;
use self::parameters::{Values, parameter};
use crate::has;

/// What a secret is replaced by, as the semantic conventions ask.
pub const REDACTED: &str = "REDACTED";
const REDACTED_USER_INFO: &str = "REDACTED:REDACTED";

/// What can begin another piece of a URL: in its base, in its query, and in its fragment, of which a further `#` is part.
/// So is any `#` where the text is no URL.
const BASE: &[u8] = b"?#";
const QUERY: &[u8] = b"&#";
const FRAGMENT: &[u8] = b"&";

/// A URL without its credentials, and without the values of secret parameters in its query and in its fragment.
///
/// Secret are `code`, `state`, `sig`, `otp`, `totp` and `pwd`, and what has `token`, `secret`, `passw`, `passphrase`,
/// `credential`, `signature`, `apikey`, `accesskey`, `session`, `jwt`, `assertion`, `saml`, `verifier` or `authorization` in
/// its name: in any case, with `-`, `_` or `.` anywhere, in percent-encoding and in brackets (`user[password]`) too. What the
/// semantic conventions name for `url.full` is among them. The value of any other parameter is redacted if it is itself a
/// URL, percent-encoded, that holds a secret.
pub fn url(url: &str) -> Cow<'_, str> {
    redact(url, BASE, Values::LookInside)
}

/// A query, with or without its `?`, without the values of secret parameters. See [`url()`].
pub fn query(query: &str) -> Cow<'_, str> {
    redact(query, FRAGMENT, Values::LookInside)
}

/// An e-mail address of which the first letter and the domain are left: `d***@example.com`.
///
/// `***` for what is no address.
pub fn email(address: &str) -> String {
    let Some((local, domain)) = address.rsplit_once('@') else {
        return "***".to_owned();
    };
    let first: String = local.chars().take(1).filter(|it| *it != '*').collect();
    format!("{first}***@{domain}")
}

/// Redacts a text, piece by piece: the base, then one parameter after the other. It begins with a piece that these
/// `separators` end.
fn redact<'a>(text: &'a str, mut separators: &[u8], values: Values) -> Cow<'a, str> {
    let bytes = text.as_bytes();
    let mut edit = Edit::new(text);
    let mut start = 0;
    let mut end = position(bytes, 0, separators);
    loop {
        let piece = bytes.get(..end).unwrap_or_default();
        let kept = if has(separators, b'?') {
            end
        } else {
            parameter(piece, start, values)
        };
        credentials(&mut edit, piece.get(..kept).unwrap_or_default(), start);
        edit.replace(kept, end, REDACTED);
        separators = match bytes.get(end) {
            None => return edit.finish(),
            Some(b'?') => QUERY,
            Some(b'#') => FRAGMENT,
            _ => separators,
        };
        // The separator belongs to what it begins.
        start = end;
        end = position(bytes, end + 1, separators);
    }
}

/// Redacts the user information of every authority: what is between `//` and the last `@` before its end. A parameter may
/// have one too.
///
/// `\` counts as `/`, as in browsers, where it opens an authority, but does not end one: rather too much than too little.
fn credentials(edit: &mut Edit<'_>, text: &[u8], mut from: usize) {
    while let Some(start) = authority(text, from) {
        from = position(text, start, b"/?#");
        let authority = text.get(start..from).unwrap_or_default();
        if let Some(at) = authority.iter().rposition(|byte| *byte == b'@') {
            edit.replace(start, start + at, REDACTED_USER_INFO);
        }
    }
}

/// Where the next authority starts: after two slashes or more that open the text or follow a colon.
fn authority(text: &[u8], from: usize) -> Option<usize> {
    let mut slashes = 0;
    let mut at = from;
    loop {
        let byte = text.get(at);
        if let Some(b'/' | b'\\') = byte {
            slashes += 1;
        } else {
            let before = text.get(..at - slashes)?;
            if slashes >= 2 && matches!(before, [] | [.., b':']) {
                // The authority of `file:///home` is empty. Browsers skip the third slash of other schemes.
                let scheme = before.last_chunk::<5>();
                let is_file = scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"file:"));
                return Some(if is_file { before.len() + 2 } else { at });
            }
            byte?;
            slashes = 0;
        }
        at += 1;
    }
}

/// Where the first of these bytes is, or the end.
fn position(text: &[u8], from: usize, any_of: &[u8]) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    let found = rest.iter().position(|byte| has(any_of, *byte));
    found.map_or(text.len(), |at| from + at)
}
