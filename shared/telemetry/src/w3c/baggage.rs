//! The value of `baggage` (W3C Baggage).

use opentelemetry::Context;
use opentelemetry::baggage::{Baggage, BaggageExt};

use crate::limits::{MAX_BAGGAGE_BYTES, MAX_BAGGAGE_MEMBERS};
use crate::percent;

/// The valid members of a header, as many as the limits allow. `None` if there is none.
pub(super) fn read(header: &str) -> Option<Baggage> {
    let mut baggage = Baggage::new();
    let mut bytes = 0;
    for text in header.split(',') {
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
        let value = percent::decode(value).into_owned();
        baggage.insert_with_metadata(key.to_owned(), value, properties.to_owned());
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
    if !properties.is_empty() && properties.bytes().all(is_property_byte) {
        text.push(';');
        text.push_str(properties);
    }
    text
}

/// `key = value ; properties`, if it is valid. The value may hold `=`.
fn member(text: &str) -> Option<(&str, &str, &str)> {
    let (pair, properties) = text.split_once(';').unwrap_or((text, ""));
    let (key, value) = pair.split_once('=')?;
    let [key, value, properties] = [key, value, properties].map(|it| it.trim_matches([' ', '\t']));
    let valid = is_token(key)
        && value.bytes().all(is_value_byte)
        && properties.bytes().all(is_property_byte);
    valid.then_some((key, value, properties))
}

/// A token of RFC 9110, 5.6.2.
fn is_token(key: &str) -> bool {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !key.is_empty() && key.bytes().all(token)
}

/// `baggage-octet`: printable but for space, `"`, `,`, `;` and `\`.
fn is_value_byte(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"\",;\\".contains(&byte)
}

fn is_property_byte(byte: u8) -> bool {
    is_value_byte(byte) || b"; \t".contains(&byte)
}
