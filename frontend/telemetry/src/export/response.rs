//! What a collector answers: `Export…ServiceResponse { partial_success { rejected, error_message } }`, the same on the
//! wire for all signals.

/// What was not accepted of a request that was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct PartialSuccess<'a> {
    pub(super) rejected: u64,
    /// A text in UTF-8, if all is well.
    pub(super) error_message: &'a [u8],
}

/// Reads the answer. One that is no protobuf (a proxy's page, say) says nothing.
///
/// The message within the message is read as if its fields were those of the outer one, which has no others. So it reads
/// the `Status { code, message, details }` that comes with an error too.
pub(super) fn partial_success(mut body: &[u8]) -> PartialSuccess<'_> {
    let mut partial = PartialSuccess::default();
    // A varint follows the tag of all that is known: it is the value, or the length of what follows.
    while let Some(tag) = varint(&mut body)
        && let Some(number) = varint(&mut body)
    {
        match tag {
            PARTIAL_SUCCESS => {}
            // A negative number is one with its highest bit set.
            REJECTED => partial.rejected = i64::try_from(number).map_or(0, |_| number),
            _ if tag & 7 == 2 => {
                let length = usize::try_from(number).unwrap_or(usize::MAX);
                let Some(text) = take(&mut body, length) else {
                    break;
                };
                if tag == ERROR_MESSAGE {
                    partial.error_message = text;
                }
            }
            _ if tag & 7 == 0 => {}
            _ => break,
        }
    }
    partial
}

/// Tags: the field's number, and how its value is laid out (Protocol Buffers, Encoding).
const PARTIAL_SUCCESS: u64 = 1 << 3 | 2;
const REJECTED: u64 = 1 << 3;
const ERROR_MESSAGE: u64 = 2 << 3 | 2;

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

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;

    #[test]
    fn an_answer_of_any_bytes_is_read_or_not_but_never_trusted() {
        let mut state = 7_u64;
        for length in 0..2000_usize {
            let mut body = Vec::new();
            for _ in 0..length % 40 {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                body.push((state >> 56) as u8);
            }
            let partial = partial_success(&body);
            assert!(partial.error_message.len() <= body.len());
        }
    }
}
