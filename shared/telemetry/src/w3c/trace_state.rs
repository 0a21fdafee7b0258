//! The value of `tracestate` (Trace Context, 3.3).

use opentelemetry::trace::TraceState;

use crate::limits::MAX_TRACESTATE_MEMBERS;

/// A key with its value, both valid.
pub(super) type Member<'a> = (&'a str, &'a str);

/// The members of a header. `None` if any is invalid or one too many: then the whole is discarded.
///
/// Of a key that comes again the first member counts, the one that was added last. That keys are unique is for senders to
/// see to; what others wrote is not lost for it.
pub(super) fn members(header: &str) -> Option<Vec<Member<'_>>> {
    let mut members: Vec<Member<'_>> = Vec::new();
    let mut count = 0;
    for text in header.split(',') {
        let text = text.trim_matches([' ', '\t']);
        if text.is_empty() {
            continue;
        }
        let (key, value) = text.split_once('=')?;
        count += 1;
        if !is_key(key) || !is_value(value) || count > MAX_TRACESTATE_MEMBERS {
            return None;
        }
        if !members.iter().any(|(known, _)| *known == key) {
            members.push((key, value));
        }
    }
    Some(members)
}

/// The members as the API's type, or `None` where its key grammar, that of level 1, is narrower.
pub(super) fn to_api(members: &[Member<'_>]) -> Option<TraceState> {
    TraceState::from_key_value(members.iter().copied()).ok()
}

/// The span's state as a header. The API has checked it, but for members that would be empty or no header. (A space at
/// their end is lost on the way.)
pub(super) fn write(state: &TraceState) -> String {
    let mut header = String::new();
    for (key, value) in state {
        let is_printable = value.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        if key.is_empty() || value.is_empty() || !is_printable {
            continue;
        }
        if !header.is_empty() {
            header.push(',');
        }
        header.push_str(key);
        header.push('=');
        header.push_str(value);
    }
    header
}

/// A header, and behind it the members of another that it has not.
pub(super) fn with_kept(header: &str, kept: &str) -> String {
    let mut list = members(header).unwrap_or_default();
    for member in members(kept).unwrap_or_default() {
        if !list.iter().any(|(key, _)| *key == member.0) {
            list.push(member);
        }
    }
    list.truncate(MAX_TRACESTATE_MEMBERS);
    join(&list)
}

pub(super) fn join(members: &[Member<'_>]) -> String {
    let texts: Vec<String> = members
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    texts.join(",")
}

/// `[a-z0-9][a-z0-9_\-*/@]{0,255}`, the grammar of level 2.
fn is_key(key: &str) -> bool {
    let alphanumeric = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    key.len() <= 256
        && key.bytes().next().is_some_and(alphanumeric)
        && key
            .bytes()
            .all(|byte| alphanumeric(byte) || b"_-*/@".contains(&byte))
}

/// 1 to 256 printable characters without `,` and `=`, the last of them not a space.
fn is_value(value: &str) -> bool {
    let allowed = |byte: u8| matches!(byte, b' '..=b'~') && byte != b',' && byte != b'=';
    let bytes = value.as_bytes();
    matches!(bytes, [.., last] if *last != b' ')
        && bytes.len() <= 256
        && bytes.iter().copied().all(allowed)
}
