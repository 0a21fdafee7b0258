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

/// Where in a URL a piece of text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Base,
    Query,
    /// A further `#` is part of it. So is any `#` where the text is no URL.
    Fragment,
}

/// A URL without its credentials, and without the values of secret parameters in its query and in its fragment.
///
/// Secret are the signatures that the semantic conventions name for `url.full`, and `token`, `*_token`, `code`, `state`,
/// `password`, `api_key` and `session` in any case, in percent-encoding and in brackets (`user[password]`) too. The value
/// of any other parameter is redacted if it is itself a URL, percent-encoded, that holds a secret.
pub fn url(url: &str) -> Cow<'_, str> {
    redact(url, Part::Base, Values::LookInside)
}

/// A query, with or without its `?`, without the values of secret parameters. See [`url()`].
pub fn query(query: &str) -> Cow<'_, str> {
    redact(query, Part::Fragment, Values::LookInside)
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

/// Redacts a text that begins with this part, piece by piece: the base, then one parameter after the other.
fn redact(text: &str, mut part: Part, values: Values) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    // Most texts have nothing in them that could be a secret.
    if !bytes.iter().any(|byte| matches!(byte, b'=' | b'@')) {
        return Cow::Borrowed(text);
    }
    let mut edit = Edit::new(text);
    let mut start = 0;
    let mut end = position(bytes, 0, part.separators());
    loop {
        let piece = bytes.get(..end).unwrap_or_default();
        let (kept, ends) = match part {
            Part::Base => (end, &b"/"[..]),
            // A value may be a URL too.
            Part::Query | Part::Fragment => (parameter(piece, start, values), &b"/?#&;"[..]),
        };
        credentials(
            &mut edit,
            piece.get(..kept).unwrap_or_default(),
            start,
            ends,
        );
        edit.replace(kept..end, REDACTED);
        part = match bytes.get(end) {
            None => return edit.finish(),
            Some(b'#') => Part::Fragment,
            Some(_) if part == Part::Fragment => part,
            Some(_) => Part::Query,
        };
        // The separator belongs to what it begins.
        start = end;
        end = position(bytes, end + 1, part.separators());
    }
}

/// Redacts the user information of every authority: what is between `//` and the last `@` before one of `ends`.
///
/// `\` counts as `/`, as in browsers, where it opens an authority, but does not end one: rather too much than too little.
fn credentials(edit: &mut Edit<'_>, text: &[u8], from: usize, ends: &[u8]) {
    let mut from = from;
    while let Some(start) = authority(text, from) {
        from = position(text, start, ends);
        let authority = text.get(start..from).unwrap_or_default();
        if let Some(at) = authority.iter().rposition(|byte| *byte == b'@') {
            edit.replace(start..start + at, REDACTED_USER_INFO);
        }
    }
}

/// Where the next authority starts: after two slashes or more that open the text or follow a colon.
fn authority(text: &[u8], from: usize) -> Option<usize> {
    let mut slashes = 0;
    for at in from..=text.len() {
        if let Some(b'/' | b'\\') = text.get(at) {
            slashes += 1;
            continue;
        }
        let before = text.get(..at - slashes)?;
        if slashes >= 2 && matches!(before, [] | [.., b':']) {
            // The authority of `file:///home` is empty. Browsers skip the third slash of other schemes.
            let scheme = before.last_chunk::<5>();
            let is_file = scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"file:"));
            return Some(if is_file { before.len() + 2 } else { at });
        }
        slashes = 0;
    }
    None
}

/// Where the first of these bytes is, or the end.
fn position(text: &[u8], from: usize, any_of: &[u8]) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    let found = rest.iter().position(|byte| has(any_of, *byte));
    found.map_or(text.len(), |at| from + at)
}

// === impl Part ===

impl Part {
    /// What can begin another piece.
    fn separators(self) -> &'static [u8] {
        match self {
            Self::Base => b"?#",
            Self::Query => b"&#",
            Self::Fragment => b"&",
        }
    }
}
