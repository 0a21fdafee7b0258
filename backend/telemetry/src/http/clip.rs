//! A bound for what clients choose.

use throughline_core::limits::MAX_ATTRIBUTE_VALUE_BYTES;

/// The text, or as much of it as an attribute may hold. HTTP lets a client send some 400 KiB of headers: a queue of spans
/// that keep them would take a gigabyte.
pub(crate) fn clip(text: &str) -> &str {
    clip_to(text, MAX_ATTRIBUTE_VALUE_BYTES)
}

/// The same with a bound of its own.
pub(super) fn clip_to(text: &str, bytes: usize) -> &str {
    let end = text.floor_char_boundary(bytes);
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(clip("/users"), "/users");
        let long = format!("a{}", "é".repeat(MAX_ATTRIBUTE_VALUE_BYTES));
        let cut = clip(&long);
        assert_eq!(cut.len(), MAX_ATTRIBUTE_VALUE_BYTES - 1);
        assert!(long.starts_with(cut));
    }
}
