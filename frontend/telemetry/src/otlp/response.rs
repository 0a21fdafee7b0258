//! What a collector answers: `Export…ServiceResponse { partial_success { rejected, error_message } }`, the same on the
//! wire for all signals.

/// What was not accepted of a request that was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PartialSuccess<'a> {
    pub(crate) rejected: u64,
    pub(crate) error_message: &'a str,
}

/// Reads the answer. One that is no protobuf (a proxy's page, say) says nothing.
pub(crate) fn partial_success(body: &[u8]) -> PartialSuccess<'_> {
    let mut partial = PartialSuccess::default();
    let Some(Field::Bytes(fields)) = field(body, 1) else {
        return partial;
    };
    if let Some(Field::Number(rejected)) = field(fields, 1) {
        // A negative number is one with its highest bit set.
        partial.rejected = if rejected >> 63 == 0 { rejected } else { 0 };
    }
    if let Some(Field::Bytes(text)) = field(fields, 2) {
        partial.error_message = str::from_utf8(text).unwrap_or_default();
    }
    partial
}

enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

/// The last field of this number: that is the one that counts.
fn field(mut message: &[u8], number: u64) -> Option<Field<'_>> {
    let mut found = None;
    while !message.is_empty() {
        let tag = varint(&mut message)?;
        let field = match tag & 7 {
            0 => Field::Number(varint(&mut message)?),
            1 => Field::Bytes(take(&mut message, 8)?),
            2 => {
                let length = usize::try_from(varint(&mut message)?).ok()?;
                Field::Bytes(take(&mut message, length)?)
            }
            5 => Field::Bytes(take(&mut message, 4)?),
            _ => return None,
        };
        if tag >> 3 == number {
            found = Some(field);
        }
    }
    found
}

fn varint(message: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in 0..10 {
        let byte = *take(message, 1)?.first()?;
        value |= u64::from(byte & 0x7f) << (7 * shift);
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

fn take<'a>(message: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, rest) = message.split_at_checked(count)?;
    *message = rest;
    Some(taken)
}
