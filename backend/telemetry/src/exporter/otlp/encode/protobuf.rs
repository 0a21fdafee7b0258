//! The wire format of protobuf: <https://protobuf.dev/programming-guides/encoding/>.

use std::iter;

/// Messages, written from front to back. What has its default is left out, but by the methods named `some_…`.
#[derive(Debug, Default)]
pub(super) struct Protobuf(Vec<u8>);

const VARINT: u32 = 0;
const FIXED_64: u32 = 1;
const LENGTH: u32 = 2;
const FIXED_32: u32 = 5;

// === impl Protobuf ===

impl Protobuf {
    pub(super) fn with_capacity(bytes: usize) -> Self {
        Self(Vec::with_capacity(bytes))
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// The fields of another message.
    pub(super) fn append(&mut self, fields: &Self) {
        self.0.extend_from_slice(&fields.0);
    }

    pub(super) fn text(&mut self, field: u32, text: &str) {
        self.bytes(field, text.as_bytes());
    }

    pub(super) fn bytes(&mut self, field: u32, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.some_bytes(field, bytes);
        }
    }

    pub(super) fn some_bytes(&mut self, field: u32, bytes: &[u8]) {
        self.tag(field, LENGTH);
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    pub(super) fn uint(&mut self, field: u32, number: u64) {
        if number != 0 {
            self.some_uint(field, number);
        }
    }

    pub(super) fn some_uint(&mut self, field: u32, number: u64) {
        self.tag(field, VARINT);
        self.varint(number);
    }

    pub(super) fn fixed64(&mut self, field: u32, number: u64) {
        if number != 0 {
            self.some_fixed64(field, number);
        }
    }

    pub(super) fn some_fixed64(&mut self, field: u32, bits: u64) {
        self.tag(field, FIXED_64);
        self.0.extend_from_slice(&bits.to_le_bytes());
    }

    pub(super) fn fixed32(&mut self, field: u32, number: u32) {
        self.tag(field, FIXED_32);
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    /// A message within, be it empty.
    pub(super) fn message(&mut self, field: u32, write: impl FnOnce(&mut Self)) {
        self.tag(field, LENGTH);
        // Most are short: their length has one byte.
        let start = self.0.len();
        self.0.push(0);
        write(self);
        let length = self.0.len() - start - 1;
        match (self.0.get_mut(start), u8::try_from(length)) {
            (Some(byte), Ok(short @ ..0x80)) => *byte = short,
            _ => self.insert_length(start, length),
        }
    }

    /// Writes in the place of the byte at `start` how long what follows is, and moves that.
    fn insert_length(&mut self, start: usize, length: usize) {
        let end = self.0.len();
        let bytes = varint(length as u64);
        self.0.extend(bytes.clone().skip(1));
        let start_of_message = start + self.0.len() - end + 1;
        self.0.copy_within(start + 1..end, start_of_message);
        let places = self.0.iter_mut().skip(start);
        places.zip(bytes).for_each(|(place, byte)| *place = byte);
    }

    fn tag(&mut self, field: u32, wire: u32) {
        self.varint(u64::from(field << 3 | wire));
    }

    fn varint(&mut self, number: u64) {
        varint(number).for_each(|byte| self.0.push(byte));
    }
}

/// Seven bits a byte, the lowest first, and a bit that says whether more follow.
fn varint(number: u64) -> impl Iterator<Item = u8> + Clone {
    let rest = |number: &u64| Some(number >> 7).filter(|rest| *rest != 0);
    iter::successors(Some(number), rest).map(|number| {
        let [low, ..] = number.to_le_bytes();
        if number < 0x80 { low } else { low | 0x80 }
    })
}
