//! Attributes: encoded at once, into the message of the item that they belong to.

use opentelemetry::{Array, KeyValue, Value};

use super::{Begun, Message, Wire, cut};
use crate::limits;

/// What an `AnyValue` is to hold. A text is cut at its limit when it is written.
#[derive(Clone, Copy)]
pub(crate) enum Any<'a> {
    Bool(bool),
    Int(i64),
    Double(f64),
    Text(&'a str),
    Array(&'a Array),
    /// The elements of an `ArrayValue`, encoded.
    List(&'a Message),
    /// An `AnyValue` that is encoded already.
    #[cfg(feature = "logs")]
    Encoded(&'a Message),
    /// The API's enum may grow: what is new has no value here.
    Unknown,
}

/// The attributes of a span, an event, a link or a log record, within their number: the first fields of its message.
/// Others may follow.
#[derive(Debug)]
pub(crate) struct Attributes {
    /// For attributes may still be set: only fields of the wire type that these have.
    pub(crate) message: Message,
    /// The number of their field. The next says how many found no room.
    pub(crate) field: u8,
    kept: usize,
    dropped: u32,
    /// A bit for the look of each key. Most keys look like no other, and need not be searched for.
    looks: u64,
}

/// The tags of a `KeyValue`'s two fields, and of an `AnyValue`'s text.
const KEY: u8 = 0x0a;
const VALUE: u8 = 0x12;
const TEXT: u8 = 0x0a;

/// Room for most items: more is made for larger ones.
const USUAL_BYTES: usize = 256;

// === impl Attributes ===

impl Attributes {
    /// Of no field.
    pub(crate) const NONE: Self = Self {
        message: Message(Vec::new()),
        field: 0,
        kept: 0,
        dropped: 0,
        looks: 0,
    };

    #[inline(never)]
    pub(crate) fn of_field(field: u8) -> Self {
        Self {
            message: Message(Vec::with_capacity(USUAL_BYTES)),
            field,
            ..Self::NONE
        }
    }

    #[inline(never)]
    pub(crate) fn set_all(&mut self, attributes: &[KeyValue], max: usize) {
        for it in attributes {
            self.set(it.key.as_str(), &Any::from(&it.value), max);
        }
    }

    /// Adds an attribute, or replaces that of the same key. One too many is counted.
    #[inline(never)]
    pub(crate) fn set(&mut self, key: &str, value: &Any<'_>, max: usize) {
        let last = key.as_bytes().last().copied().unwrap_or_default();
        let length = u32::try_from(key.len()).unwrap_or_default();
        let look = 1_u64.rotate_left(u32::from(last).wrapping_add(length.wrapping_mul(7)));
        if self.looks & look != 0 {
            self.remove(key);
        }
        self.looks |= look;
        if self.kept < max {
            self.kept += 1;
            self.message.attribute(self.field.into(), key, value);
        } else {
            self.dropped = self.dropped.saturating_add(1);
        }
    }

    #[inline(never)]
    fn remove(&mut self, key: &str) {
        let mut rest = self.message.0.as_slice();
        loop {
            let here = rest.len();
            let Some((tag, mut pair)) = next(&mut rest) else {
                return;
            };
            if tag >> 3 == self.field
                && next(&mut pair).is_some_and(|(_, known)| known == key.as_bytes())
            {
                let after = rest.to_vec();
                self.message.0.truncate(self.message.0.len() - here);
                self.message.0.extend_from_slice(&after);
                self.kept -= 1;
                return;
            }
        }
    }

    /// Says what others say, where nothing is said yet.
    #[cfg(feature = "session")]
    #[inline(never)]
    pub(crate) fn repeat(&mut self, others: &Self) {
        self.message.append(&others.message.0);
        self.kept = others.kept;
        self.dropped = others.dropped;
        self.looks = others.looks;
    }

    /// How many more there may be.
    #[cfg(feature = "resource-timing")]
    pub(crate) fn room(&self, max: usize) -> usize {
        max.saturating_sub(self.kept)
    }

    /// Writes how many found no room, `already` among them.
    pub(crate) fn write_dropped(&mut self, already: u32) {
        let dropped = self.dropped.saturating_add(already);
        self.message.uint(u32::from(self.field) + 1, dropped.into());
    }
}

/// Takes a field off, one with a length: its tag and its bytes.
#[inline(never)]
fn next<'a>(rest: &mut &'a [u8]) -> Option<(u8, &'a [u8])> {
    let (tag, mut after) = rest.split_first()?;
    let (mut length, mut shift) = (0, 0);
    loop {
        let (byte, more) = after.split_first()?;
        after = more;
        length |= usize::from(byte & 0x7f) << shift;
        shift += 7;
        if *byte < 0x80 {
            break;
        }
    }
    let bytes;
    (bytes, *rest) = after.split_at_checked(length)?;
    Some((*tag, bytes))
}

// === impl Any ===

impl<'a> From<&'a Value> for Any<'a> {
    fn from(value: &'a Value) -> Self {
        match value {
            Value::Bool(it) => Self::Bool(*it),
            Value::I64(it) => int(*it),
            Value::F64(it) => double(*it),
            Value::String(it) => Self::Text(it.as_str()),
            Value::Array(it) => Self::Array(it),
            _ => Self::Unknown,
        }
    }
}

#[allow(dead_code, reason = "for some features")]
pub(crate) fn text(it: &str) -> Any<'_> {
    Any::Text(it)
}

#[allow(dead_code, reason = "for some features")]
pub(crate) fn bool(it: bool) -> Any<'static> {
    Any::Bool(it)
}

#[allow(dead_code, reason = "for some features")]
pub(crate) fn int(it: i64) -> Any<'static> {
    Any::Int(it)
}

#[allow(dead_code, reason = "for some features")]
pub(crate) fn double(it: f64) -> Any<'static> {
    Any::Double(it)
}

// === impl Message ===

impl Message {
    /// A `KeyValue`. What is short, as most are, is written in few strokes: byte by byte takes a good part of the time that
    /// a span takes.
    #[inline(never)]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "lengths below 128, and fields below 16"
    )]
    pub(crate) fn attribute(&mut self, field: u32, key: &str, value: &Any<'_>) {
        let pair = Begun {
            length_at: self.0.len() + 1,
        };
        let tag = field << 3 | Wire::Length as u32;
        self.append(&[tag as u8, 0, KEY]);
        self.varint(key.len() as u64);
        self.append(key.as_bytes());
        match *value {
            Any::Text(it)
                if it.len() < 0x80 - 2 && it.len() <= limits::get().attribute_value_bytes =>
            {
                let length = it.len() as u8;
                self.append(&[VALUE, length + 2, TEXT, length]);
                self.append(it.as_bytes());
            }
            _ => self.value(2, value),
        }
        self.end(pair);
    }

    /// An `AnyValue`.
    #[inline(never)]
    pub(crate) fn value(&mut self, field: u32, value: &Any<'_>) {
        let message = self.begin(field);
        self.any(value);
        self.end(message);
    }

    /// The one field of an `AnyValue`.
    #[expect(
        clippy::cast_sign_loss,
        reason = "int64 is two's complement on the wire"
    )]
    pub(crate) fn any(&mut self, value: &Any<'_>) {
        match *value {
            Any::Text(it) => {
                self.bytes(1, cut(it, limits::get().attribute_value_bytes).as_bytes());
            }
            Any::Bool(it) => self.present_uint(2, it.into()),
            Any::Int(it) => self.present_uint(3, it as u64),
            Any::Double(it) => self.fixed64(4, it.to_bits()),
            Any::Array(all) => {
                let list = self.begin(5);
                let mut index = 0;
                while let Some(it) = element(all, index) {
                    self.value(1, &it);
                    index += 1;
                }
                self.end(list);
            }
            Any::List(elements) => self.message(5, elements),
            #[cfg(feature = "logs")]
            Any::Encoded(it) => self.fields(it),
            Any::Unknown => {}
        }
    }
}

/// An element of an array.
fn element(array: &Array, index: usize) -> Option<Any<'_>> {
    Some(match array {
        Array::Bool(all) => Any::Bool(*all.get(index)?),
        Array::I64(all) => Any::Int(*all.get(index)?),
        Array::F64(all) => Any::Double(*all.get(index)?),
        Array::String(all) => Any::Text(all.get(index)?.as_str()),
        _ => return None,
    })
}
