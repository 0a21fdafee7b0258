//! What a span tells of a statement: its text without values, its summary, its operation, its table.

mod lexer;
mod summary;
#[cfg(test)]
mod tests;

use self::lexer::{Lexer, Token};
use throughline_core::limits::MAX_ATTRIBUTE_VALUE_BYTES;

/// A statement, described without any of its values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Statement {
    /// `db.query.text`: literals are `?`, comments are gone, white space is single.
    pub(super) text: String,
    /// `db.query.summary`: `SELECT users`; empty if nothing is known of the statement.
    pub(super) summary: String,
    /// `db.operation.name`.
    pub(super) operation: Option<String>,
    /// `db.collection.name`, if there is just one.
    pub(super) collection: Option<String>,
}

// === impl Statement ===

impl Statement {
    /// Never fails: what it does not understand, it does not tell.
    pub(super) fn parse(sql: &str) -> Self {
        let tokens: Vec<Token<'_>> = Lexer::new(sql).collect();
        let (summary, operation, collection) = summary::of(&tokens);
        Self {
            text: text(&tokens),
            summary,
            operation,
            collection,
        }
    }
}

fn text(tokens: &[Token<'_>]) -> String {
    let mut text = String::new();
    for token in tokens {
        let piece = match token {
            Token::Word(word) | Token::Placeholder(word) => word,
            Token::Quoted { source, .. } => source,
            Token::Literal => "?",
            Token::Symbol(symbol) => symbol,
            Token::Space => " ",
        };
        if text.len() + piece.len() > MAX_ATTRIBUTE_VALUE_BYTES {
            break;
        }
        text.push_str(piece);
    }
    text.truncate(text.trim_end().len());
    text
}
