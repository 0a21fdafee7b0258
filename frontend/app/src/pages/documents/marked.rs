//! Which parts of a passage are the words that were looked for.

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Plain(String),
    Marked(String),
}

/// A passage in pieces: its words, in any case, that `query` has too, and what is between them.
pub(super) fn marked(passage: &str, query: &str) -> Vec<Piece> {
    let wanted: Vec<String> = words(query)
        .filter(|part| is_word(part))
        .map(str::to_lowercase)
        .collect();
    let mut pieces = Vec::new();
    for part in words(passage) {
        let is_wanted = is_word(part) && wanted.contains(&part.to_lowercase());
        match pieces.last_mut() {
            Some(Piece::Plain(text)) if !is_wanted => text.push_str(part),
            _ if is_wanted => pieces.push(Piece::Marked(part.to_owned())),
            _ => pieces.push(Piece::Plain(part.to_owned())),
        }
    }
    pieces
}

/// The words of a text, and what is between them: all of it, in turn.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let kind = rest.chars().next()?.is_alphanumeric();
        let end = rest.find(|it: char| it.is_alphanumeric() != kind);
        let (part, after) = rest.split_at(end.unwrap_or(rest.len()));
        rest = after;
        Some(part)
    })
}

fn is_word(part: &str) -> bool {
    part.starts_with(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::{Piece, marked};

    fn shown(passage: &str, query: &str) -> String {
        let pieces = marked(passage, query).into_iter();
        let text = |piece| match piece {
            Piece::Plain(text) => text,
            Piece::Marked(text) => format!("[{text}]"),
        };
        pieces.map(text).collect()
    }

    #[test]
    fn whole_words_are_marked_in_any_case() {
        let passage = "…A trace, and traces: TRACE!";
        assert_eq!(shown(passage, "trace"), "…A [trace], and traces: [TRACE]!");
    }

    #[test]
    fn punctuation_of_the_query_marks_nothing() {
        assert_eq!(shown("a-b, c", "\"b\" -"), "a-[b], c");
        assert_eq!(shown("ä", ""), "ä");
    }
}
