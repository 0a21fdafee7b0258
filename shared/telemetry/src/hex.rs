//! Bytes as text, without the formatting of the standard library, which is much code for a page.

/// Appends two digits for each byte, in lower case.
pub fn push(text: &mut String, bytes: &[u8]) {
    for byte in bytes {
        push_number(text, u64::from(*byte), 2);
    }
}

/// Appends so many digits of a number, its last ones, in lower case.
#[inline(never)]
pub fn push_number(text: &mut String, number: u64, digits: u32) {
    for place in (0..digits).rev() {
        let [.., byte] = number.wrapping_shr(place * 4).to_be_bytes();
        text.push(char::from(digit(byte & 15, b'a')));
    }
}

/// The digit for a number below 16; `ten` is the letter for 10, `a` or `A`.
pub(crate) fn digit(nibble: u8, ten: u8) -> u8 {
    match nibble {
        0..10 => b'0' + nibble,
        _ => ten + (nibble & 15) - 10,
    }
}

/// The value of a digit in lower case.
pub(crate) fn value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}
