//! Percent-encoding (RFC 3986, 2.1).

use crate::{has, hex};

/// `%41` as `A`. What is not UTF-8 becomes U+FFFD, and a `%` without two digits stays as it is.
pub(crate) fn decode(text: &str) -> String {
    let mut rest = text.as_bytes();
    let mut bytes = Vec::with_capacity(rest.len());
    while let Some(byte) = next(&mut rest) {
        bytes.push(byte);
    }
    let mut decoded = String::new();
    for chunk in bytes.utf8_chunks() {
        decoded.push_str(chunk.valid());
        if !chunk.invalid().is_empty() {
            decoded.push(char::REPLACEMENT_CHARACTER);
        }
    }
    decoded
}

/// The same for those who look for ASCII only: each byte beyond it becomes some letter beyond it.
///
/// `None` if nothing is encoded.
pub(crate) fn decode_ascii(mut text: &[u8]) -> Option<String> {
    if !has(text, b'%') {
        return None;
    }
    let mut decoded = String::new();
    while let Some(byte) = next(&mut text) {
        decoded.push(char::from(byte));
    }
    Some(decoded)
}

/// Appends everything but letters, digits and `-._~` as `%XX`: `=` and `+` too, which other readers of baggage get wrong.
pub(crate) fn encode(encoded: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            for nibble in [byte >> 4, byte & 15] {
                encoded.push(char::from(hex::digit(nibble, b'A')));
            }
        }
    }
}

/// Takes one byte, decoded, from the front.
fn next(rest: &mut &[u8]) -> Option<u8> {
    let (&byte, tail) = rest.split_first()?;
    *rest = tail;
    if let (b'%', [high, low, after @ ..]) = (byte, tail)
        && let (Some(high), Some(low)) = (digit(*high), digit(*low))
    {
        *rest = after;
        return Some(high << 4 | low);
    }
    Some(byte)
}

fn digit(byte: u8) -> Option<u8> {
    hex::value(byte.to_ascii_lowercase())
}
