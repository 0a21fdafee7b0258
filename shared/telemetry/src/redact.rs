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
use self::parameters::Values;

/// What a secret is replaced by, as the semantic conventions ask.
pub const REDACTED: &str = "REDACTED";
const REDACTED_USER_INFO: &str = "REDACTED:REDACTED";

/// A URL without its credentials, and without the values of secret parameters in its query and in its fragment.
///
/// Secret are the signatures that the semantic conventions name for `url.full`, and `token`, `*_token`, `code`, `state`,
/// `password`, `api_key` and `session` in any case, in percent-encoding and in brackets (`user[password]`) too. The value
/// of any other parameter is redacted if it is itself a URL, percent-encoded, that holds a secret.
pub fn url(url: &str) -> Cow<'_, str> {
    redact(url, Values::LookInside)
}

/// A query, with or without its `?`, without the values of secret parameters. See [`url()`].
pub fn query(query: &str) -> Cow<'_, str> {
    parameters(query, Values::LookInside)
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

fn redact(url: &str, values: Values) -> Cow<'_, str> {
    let (rest, fragment) = split_before(url, '#');
    let (base, query) = split_before(rest, '?');
    let parts = [
        credentials(base, &['/']),
        parameters(query, values),
        parameters(fragment, values),
    ];
    if parts.iter().all(|part| matches!(part, Cow::Borrowed(_))) {
        return Cow::Borrowed(url);
    }
    Cow::Owned(parts.concat())
}

fn parameters(text: &str, values: Values) -> Cow<'_, str> {
    // A value may be a URL too.
    let ends = ['/', '?', '#', '&', ';'];
    match parameters::redact(text, values) {
        Cow::Borrowed(text) => credentials(text, &ends),
        Cow::Owned(text) => Cow::Owned(credentials(&text, &ends).into_owned()),
    }
}

/// Redacts the user information of every authority: what is between `//` and the last `@` before one of `ends`.
///
/// `\` counts as `/`, as in browsers, where it opens an authority, but does not end one: rather too much than too little.
fn credentials<'a>(text: &'a str, ends: &[char]) -> Cow<'a, str> {
    let mut edit = Edit::new(text);
    let mut from = 0;
    while let Some(start) = authority(text, from) {
        let rest = text.get(start..).unwrap_or_default();
        let authority = rest.split(ends).next().unwrap_or_default();
        if let Some(at) = authority.rfind('@') {
            edit.replace(start..start + at, REDACTED_USER_INFO);
        }
        from = start + authority.len();
    }
    edit.finish()
}

/// Where the next authority starts: after two slashes or more that open the text or follow a colon.
fn authority(text: &str, from: usize) -> Option<usize> {
    let is_slash = |byte: &u8| matches!(byte, b'/' | b'\\');
    let bytes = text.as_bytes();
    let mut at = from;
    loop {
        let rest = bytes.get(at..)?;
        at += rest.iter().position(is_slash)?;
        let slashes = bytes
            .get(at..)?
            .iter()
            .take_while(|byte| is_slash(byte))
            .count();
        let before = bytes.get(..at)?;
        if slashes >= 2 && (before.is_empty() || before.ends_with(b":")) {
            // The authority of `file:///home` is empty. Browsers skip the third slash of other schemes.
            let scheme = before.len().checked_sub(5).and_then(|at| before.get(at..));
            let is_file = scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"file:"));
            return Some(at + if is_file { 2 } else { slashes });
        }
        at += slashes;
    }
}

fn split_before(text: &str, separator: char) -> (&str, &str) {
    let at = text.find(separator).unwrap_or(text.len());
    text.split_at(at)
}
