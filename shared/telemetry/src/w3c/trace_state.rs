//! The value of `tracestate` (Trace Context, 3.3).

use opentelemetry::trace::TraceState;

use super::list;
use crate::limits::MAX_TRACESTATE_MEMBERS;

/// A key with its value, both valid.
pub(super) type Member<'a> = (&'a str, &'a str);

/// The members of a header. `None` if any is invalid or one too many: then the whole is discarded.
///
/// Of a key that comes again the first member counts, the one that was added last. That keys are unique is for senders to
/// see to; what others wrote is not lost for it.
#[inline(never)]
pub(super) fn members(header: &str) -> Option<Vec<Member<'_>>> {
    let mut members: Vec<Member<'_>> = Vec::new();
    let mut count = 0;
    let mut rest = Some(header);
    while let Some(text) = list::take(&mut rest) {
        let text = list::trim(text);
        if text.is_empty() {
            continue;
        }
        let (key, value) = list::cut(text, b'=');
        let value = value?;
        count += 1;
        if !is_key(key.as_bytes()) || !is_value(value.as_bytes()) || count > MAX_TRACESTATE_MEMBERS
        {
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
    if members.is_empty() {
        return Some(TraceState::NONE);
    }
    TraceState::from_key_value(members.to_vec()).ok()
}

/// The span's state as a header. The API has checked it, but for members that would be empty or no header. (A space at
/// their end is lost on the way.)
#[inline(never)]
pub(super) fn write(state: &TraceState) -> String {
    let mut header = String::new();
    for (key, value) in state {
        let is_printable = value.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        if key.is_empty() || value.is_empty() || !is_printable {
            continue;
        }
        push(&mut header, (key, value));
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
    let mut header = String::new();
    for member in members {
        push(&mut header, *member);
    }
    header
}

fn push(header: &mut String, (key, value): Member<'_>) {
    if !header.is_empty() {
        header.push(',');
    }
    header.push_str(key);
    header.push('=');
    header.push_str(value);
}

/// `[a-z0-9][a-z0-9_\-*/@]{0,255}`, the grammar of level 2.
fn is_key(key: &[u8]) -> bool {
    let mut rest = key.iter();
    matches!(key, [b'a'..=b'z' | b'0'..=b'9', ..])
        && key.len() <= 256
        && rest.all(|it| matches!(it, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'*' | b'/' | b'@'))
}

/// 1 to 256 printable characters without `,` and `=`, the last of them not a space.
fn is_value(value: &[u8]) -> bool {
    let mut bytes = value.iter();
    matches!(value, [.., last] if *last != b' ')
        && value.len() <= 256
        && bytes.all(|it| matches!(it, b' '..=b'~') && !matches!(it, b',' | b'='))
}
