//! Attributes: encoded at once, into the message of the item that they belong to.

use opentelemetry::{Array, KeyValue, Value};

use super::{Message, Wire, cut};

/// What an `AnyValue` is to hold. A text is cut at its limit when it is written.
#[derive(Clone, Copy, Debug)]
pub enum Any<'a> {
    /// A `bool_value`.
    Bool(bool),
    /// An `int_value`.
    Int(i64),
    /// A `double_value`.
    Double(f64),
    /// A `string_value`.
    Text(&'a str),
    /// An `array_value`.
    Array(&'a Array),
    /// The elements of an `ArrayValue`, encoded.
    List(&'a Message),
    /// An `AnyValue` that is encoded already.
    Encoded(&'a Message),
    /// The API's enum may grow: what is new has no value here.
    Unknown,
}

/// How much attributes may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Max {
    /// How many there may be.
    pub count: usize,
    /// Bytes of a text.
    pub value_bytes: usize,
}

/// The attributes of a span, an event, a link or a log record, within their number: the first fields of its message.
/// Others may follow.
#[derive(Clone, Debug)]
pub struct Attributes {
    /// For attributes may still be set: only fields of the wire type that these have.
    pub message: Message,
    /// The number of their field. The next says how many found no room.
    pub field: u8,
    kept: usize,
    dropped: u32,
    /// A bit for the look of each key. Most keys look like no other, and need not be searched for.
    looks: u64,
}

/// The tags of a `KeyValue`'s two fields, and of an `AnyValue`'s text.
const KEY: u8 = 0x0a;
const VALUE: u8 = 0x12;
const TEXT: u8 = 0x0a;

// === impl Max ===

impl Max {
    /// Everything, as it is.
    pub const UNLIMITED: Self = Self {
        count: usize::MAX,
        value_bytes: usize::MAX,
    };
}

// === impl Attributes ===

impl Attributes {
    /// Of no field.
    pub const NONE: Self = Self {
        message: Message(Vec::new()),
        field: 0,
        kept: 0,
        dropped: 0,
        looks: 0,
    };

    /// No attributes yet, of this field, with room for so many bytes.
    #[inline(never)]
    pub fn of_field(field: u8, usual_bytes: usize) -> Self {
        Self::within(Message::with_capacity(usual_bytes), field)
    }

    /// No attributes yet, of this field, to be written into an empty message.
    pub fn within(message: Message, field: u8) -> Self {
        Self {
            message,
            field,
            ..Self::NONE
        }
    }

    /// [`set`](Self::set) for each.
    #[inline(never)]
    pub fn set_all(&mut self, attributes: &[KeyValue], max: Max) {
        for it in attributes {
            self.set(it.key.as_str(), &Any::from(&it.value), max);
        }
    }

    /// Adds an attribute, or replaces that of the same key. One too many is counted.
    #[inline(never)]
    pub fn set(&mut self, key: &str, value: &Any<'_>, max: Max) {
        if self.looks & look(key) != 0 {
            self.remove(key);
        }
        self.add(key, value, max);
    }

    /// Adds an attribute of a key that there is none of. One too many is counted.
    pub fn add(&mut self, key: &str, value: &Any<'_>, max: Max) {
        self.looks |= look(key);
        if self.kept < max.count {
            self.kept += 1;
            let field = self.field.into();
            self.message.attribute(field, key, value, max.value_bytes);
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

    /// Says what others of the same field say, where nothing is said yet.
    #[inline(never)]
    pub fn repeat(&mut self, others: &Self) {
        self.message.append(&others.message.0);
        self.kept = others.kept;
        self.dropped = others.dropped;
        self.looks = others.looks;
    }

    /// How many more there may be.
    pub fn room(&self, max: usize) -> usize {
        max.saturating_sub(self.kept)
    }

    /// Writes how many found no room, `already` among them.
    pub fn write_dropped(&mut self, already: u32) {
        let dropped = self.dropped.saturating_add(already);
        self.message.uint(u32::from(self.field) + 1, dropped.into());
    }
}

/// A bit that tells a key from most others.
fn look(key: &str) -> u64 {
    let last = key.as_bytes().last().copied().unwrap_or_default();
    let length = u32::try_from(key.len()).unwrap_or_default();
    1_u64.rotate_left(u32::from(last).wrapping_add(length.wrapping_mul(7)))
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
            Value::I64(it) => Self::Int(*it),
            Value::F64(it) => Self::Double(*it),
            Value::String(it) => Self::Text(it.as_str()),
            Value::Array(it) => Self::Array(it),
            _ => Self::Unknown,
        }
    }
}

// === impl Message ===

impl Message {
    /// A `KeyValue`. A short text, as most are, is written in few strokes: byte by byte takes a good part of the time that a
    /// span takes.
    #[inline(never)]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "lengths below 128, and fields below 16"
    )]
    pub fn attribute(&mut self, field: u32, key: &str, value: &Any<'_>, max_bytes: usize) {
        if let Any::Text(text) = *value
            && key.len() + text.len() < 0x80 - 6
            && text.len() <= max_bytes
        {
            let tag = field << 3 | Wire::Length as u32;
            let (key_bytes, text_bytes) = (key.len() as u8, text.len() as u8);
            self.append(&[tag as u8, key_bytes + text_bytes + 6, KEY, key_bytes]);
            self.append(key.as_bytes());
            self.append(&[VALUE, text_bytes + 2, TEXT, text_bytes]);
            return self.append(text.as_bytes());
        }
        let pair = self.begin(field);
        self.bytes(1, key.as_bytes());
        self.value(2, value, max_bytes);
        self.end(pair);
    }

    /// An `AnyValue`, whose texts are cut at `max_bytes`.
    #[inline(never)]
    pub fn value(&mut self, field: u32, value: &Any<'_>, max_bytes: usize) {
        let message = self.begin(field);
        self.any(value, max_bytes);
        self.end(message);
    }

    /// The one field of an `AnyValue`.
    #[expect(
        clippy::cast_sign_loss,
        reason = "int64 is two's complement on the wire"
    )]
    pub fn any(&mut self, value: &Any<'_>, max_bytes: usize) {
        match *value {
            Any::Text(it) => self.bytes(1, cut(it, max_bytes).as_bytes()),
            Any::Bool(it) => self.present_uint(2, it.into()),
            Any::Int(it) => self.present_uint(3, it as u64),
            Any::Double(it) => self.fixed64(4, it.to_bits()),
            Any::Array(all) => {
                let list = self.begin(5);
                let mut index = 0;
                while let Some(it) = element(all, index) {
                    self.value(1, &it, max_bytes);
                    index += 1;
                }
                self.end(list);
            }
            Any::List(elements) => self.message(5, elements),
            Any::Encoded(it) => self.append(&it.0),
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
