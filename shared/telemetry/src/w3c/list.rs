//! Lists of members as in `tracestate` and `baggage`, taken apart byte by byte: the patterns of the standard library are
//! much code for a page.

/// Takes the next member off a list. `None` at its end.
pub(super) fn take<'a>(rest: &mut Option<&'a str>) -> Option<&'a str> {
    let (member, after) = cut((*rest)?, b',');
    *rest = after;
    Some(member)
}

/// What is before the first such byte, an ASCII one; and what is behind it, if there is one.
#[inline(never)]
pub(super) fn cut(text: &str, separator: u8) -> (&str, Option<&str>) {
    let mut bytes = text.bytes();
    let at = bytes.position(|byte| byte == separator);
    let parts = at.and_then(|at| Some((text.get(..at)?, text.get(at + 1..))));
    parts.unwrap_or((text, None))
}

/// Without the spaces and tabs around it.
#[inline(never)]
pub(super) fn trim(mut text: &str) -> &str {
    while let [b' ' | b'\t', ..] = text.as_bytes() {
        text = text.get(1..).unwrap_or_default();
    }
    while let [before @ .., b' ' | b'\t'] = text.as_bytes() {
        text = text.get(..before.len()).unwrap_or_default();
    }
    text
}
