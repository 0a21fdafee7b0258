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

/// One in each byte.
const ONES: u64 = u64::from_ne_bytes([1; 8]);

/// The eight digits of a number, in lower case, all at once. For servers: it is more code than the digits one by one.
pub(crate) fn digits(number: u32) -> [u8; 8] {
    // A digit's value in each byte, the first one in the highest.
    let halves = u64::from(number) << 16 & 0xffff_0000_0000 | u64::from(number) & 0xffff;
    let bytes = (halves << 8 | halves) & 0x00ff_00ff_00ff_00ff;
    let values = (bytes << 4 | bytes) & (0x0f * ONES);
    let letters = (values + 6 * ONES) >> 4 & ONES;
    let digits = values + u64::from(b'0') * ONES + letters * u64::from(b'a' - b'0' - 10);
    digits.to_be_bytes()
}

/// The number of eight digits in lower case: the reverse of [`digits`], all at once too.
pub(crate) fn number(text: [u8; 8]) -> Option<u32> {
    let digits_in_bytes = u64::from_be_bytes(text);
    let letters = digits_in_bytes >> 6 & ONES;
    let values = (digits_in_bytes & (0x0f * ONES)).wrapping_add(letters * 9);
    let bytes = (values >> 4 | values) & 0x00ff_00ff_00ff_00ff;
    let halves = (bytes >> 8 | bytes) & 0x0000_ffff_0000_ffff;
    let number = u32::try_from((halves >> 16 | halves) & 0xffff_ffff).ok()?;
    // What is no digit is written as another text.
    (digits(number) == text).then_some(number)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digits_of_a_number_are_those_of_the_standard_library() {
        let mut number = 0x0123_4567_u32;
        for _ in 0..1000 {
            number = number.rotate_left(5).wrapping_mul(0x9e37_79b9) ^ 0x89ab_cdef;
            let text = digits(number);
            assert_eq!(text, format!("{number:08x}").as_bytes());
            assert_eq!(super::number(text), Some(number));
        }
        assert_eq!(&digits(0x0189_abef), b"0189abef");
    }

    #[test]
    fn what_is_no_digit_in_lower_case_is_no_number() {
        for byte in 0..=u8::MAX {
            let is_digit = matches!(byte, b'0'..=b'9' | b'a'..=b'f');
            for place in 0..8 {
                let mut text = *b"01239abf";
                text[place] = byte;
                assert_eq!(number(text).is_some(), is_digit, "{text:?}");
            }
        }
    }
}
