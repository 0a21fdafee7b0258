//! A document in passages: what a search finds is one of them, not all of a long text.

/// Bytes of a passage at most.
const MAX_BYTES: usize = 1000;

/// Cuts a text into passages: after a paragraph where there is one, else after a sentence's line, a word, a character.
pub(super) fn passages(text: &str) -> Vec<&str> {
    let mut passages = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (passage, after) = rest.split_at(end(rest));
        passages.push(passage.trim_end());
        rest = after.trim_start();
    }
    passages
}

/// Where the first passage of a text ends.
fn end(text: &str) -> usize {
    if text.len() <= MAX_BYTES {
        return text.len();
    }
    let most = text.floor_char_boundary(MAX_BYTES);
    let within = &text[..most];
    ["\n\n", "\n", " "]
        .iter()
        .find_map(|border| within.rfind(border).filter(|end| *end > 0))
        .unwrap_or(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_text_is_one_passage() {
        assert_eq!(passages(" a\n\nb "), ["a\n\nb"]);
        assert_eq!(passages(" \n"), [""; 0]);
    }

    #[test]
    fn a_long_text_is_cut_where_a_paragraph_ends() {
        let text = format!("{}\n\n{}", "a b ".repeat(150), "c d ".repeat(150));
        let found = passages(&text);
        assert_eq!(
            found,
            [&"a b ".repeat(150)[..599], &"c d ".repeat(150)[..599]]
        );
    }

    #[test]
    fn nothing_is_lost_whatever_the_text_is() {
        for text in ["ä".repeat(5000), "x".repeat(2001), "word ".repeat(1000)] {
            let found = passages(&text);
            assert!(
                found
                    .iter()
                    .all(|it| !it.is_empty() && it.len() <= MAX_BYTES)
            );
            let letters = |text: &str| text.split_whitespace().collect::<String>();
            assert_eq!(letters(&found.concat()), letters(&text));
        }
    }
}
