//! The value of `baggage` (W3C Baggage).

use opentelemetry::Context;
use opentelemetry::baggage::{Baggage, BaggageExt};

use super::list;
use crate::limits::{MAX_BAGGAGE_BYTES, MAX_BAGGAGE_MEMBERS};
use crate::{has, percent};

/// The valid members of a header, as many as the limits allow. `None` if there is none.
pub(super) fn read(header: &str) -> Option<Baggage> {
    if header.is_empty() {
        return None;
    }
    let mut baggage = Baggage::new();
    let mut bytes = 0;
    let mut rest = Some(header);
    while let Some(text) = list::take(&mut rest) {
        let Some((key, value, properties)) = member(text) else {
            continue;
        };
        if baggage.len() == MAX_BAGGAGE_MEMBERS {
            break;
        }
        let comma = usize::from(bytes > 0);
        let with_member = bytes + comma + text.len();
        if with_member > MAX_BAGGAGE_BYTES {
            continue;
        }
        bytes = with_member;
        baggage.insert_with_metadata(key.to_owned(), percent::decode(value), properties);
    }
    (!baggage.is_empty()).then_some(baggage)
}

/// The baggage of `cx` as a header, in the order of its keys so that equal baggage gives equal bytes. With what is given
/// already it keeps to the limit.
///
/// It looks for each next key in turn: there are few, and a sort is much code.
pub(super) fn write(cx: &Context, given_bytes: usize) -> String {
    /// The comma and the space that join two headers.
    const JOINT: usize = 2;
    let given = match given_bytes {
        0 => 0,
        bytes => bytes.saturating_add(JOINT),
    };
    let room = MAX_BAGGAGE_BYTES.saturating_sub(given);
    let baggage = cx.baggage();
    let mut header = String::new();
    let mut last = "";
    for _ in 0..MAX_BAGGAGE_MEMBERS {
        let mut next = None;
        for (key, entry) in baggage {
            let key = key.as_str();
            if key > last && next.is_none_or(|(first, _)| key < first) {
                next = Some((key, entry));
            }
        }
        let Some((key, (value, metadata))) = next else {
            break;
        };
        last = key;
        let text = member_text(key, value.as_str(), metadata.as_str());
        let comma = if header.is_empty() { "" } else { "," };
        if header.len() + comma.len() + text.len() <= room {
            header.push_str(comma);
            header.push_str(&text);
        }
    }
    header
}

fn member_text(key: &str, value: &str, properties: &str) -> String {
    let mut text = key.to_owned();
    text.push('=');
    percent::encode(&mut text, value);
    if !properties.is_empty() && are_properties(properties) {
        text.push(';');
        text.push_str(properties);
    }
    text
}

/// `key = value ; properties`, if it is valid. The value may hold `=`.
fn member(text: &str) -> Option<(&str, &str, &str)> {
    let (pair, properties) = list::cut(text, b';');
    let (key, value) = list::cut(pair, b'=');
    let key = list::trim(key);
    let value = list::trim(value?);
    let properties = list::trim(properties.unwrap_or_default());
    let valid = is_token(key) && value.bytes().all(is_value_byte) && are_properties(properties);
    valid.then_some((key, value, properties))
}

/// A token of RFC 9110, 5.6.2.
fn is_token(key: &str) -> bool {
    let mut bytes = key.bytes();
    !key.is_empty() && bytes.all(|it| it.is_ascii_alphanumeric() || has(b"!#$%&'*+-.^_`|~", it))
}

/// `baggage-octet`: printable but for space, `"`, `,`, `;` and `\`.
fn is_value_byte(byte: u8) -> bool {
    byte.is_ascii_graphic() && !has(b"\",;\\", byte)
}

#[inline(never)]
fn are_properties(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.all(|it| is_value_byte(it) || has(b"; \t", it))
}
