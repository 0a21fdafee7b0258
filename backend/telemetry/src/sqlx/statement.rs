//! What a span tells of a statement: its text without values, its summary, its operation, its table.

mod lexer;
mod summary;
#[cfg(test)]
mod tests;

pub(super) use self::lexer::Dialect;
use self::lexer::{Lexer, Token};
use throughline_core::limits::MAX_ATTRIBUTE_VALUE_BYTES;

/// Tokens of a statement that are looked at. Each is a byte of the text at least, but for white space.
const MAX_TOKENS: usize = MAX_ATTRIBUTE_VALUE_BYTES;

/// Words after which a double-quoted word is a name for SQLite, whatever names there are.
const BEFORE_NAME: [&str; 6] = ["FROM", "JOIN", "INTO", "UPDATE", "TABLE", "AS"];

/// A statement, described without any of its values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Statement {
    /// `db.query.text`: literals are `?`, comments are gone, white space is single; empty if nothing is known.
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
    pub(super) fn parse(sql: &str, dialect: Dialect) -> Self {
        let tokens: Vec<Token<'_>> = Lexer::new(sql, dialect).take(MAX_TOKENS).collect();
        let (summary, operation, collection) = summary::of(&tokens);
        Self {
            text: text(&tokens, dialect),
            summary,
            operation,
            collection,
        }
    }
}

fn text(tokens: &[Token<'_>], dialect: Dialect) -> String {
    let mut text = String::new();
    // The last token, and the one before it, that were not white space.
    let mut before = [Token::Space; 2];
    for (at, token) in tokens.iter().enumerate() {
        let piece = match token {
            Token::Word(word) | Token::Placeholder(word) => word,
            Token::Quoted { source, .. }
                if dialect == Dialect::Sqlite && source.starts_with('"') =>
            {
                let after = tokens.get(at + 1..).unwrap_or_default();
                let after = after.iter().find(|token| **token != Token::Space);
                if is_name(before, after) { source } else { "?" }
            }
            Token::Quoted { source, .. } => source,
            Token::Literal => "?",
            Token::Symbol(symbol) => symbol,
            Token::Space => " ",
        };
        if text.len() + piece.len() > MAX_ATTRIBUTE_VALUE_BYTES {
            break;
        }
        text.push_str(piece);
        if *token != Token::Space {
            let [_, last] = before;
            before = [last, *token];
        }
    }
    text.truncate(text.trim_end().len());
    text
}

/// Whether a double-quoted word between these is a name for SQLite, which takes it for a string where it knows no such
/// name.
fn is_name(before: [Token<'_>; 2], after: Option<&Token<'_>>) -> bool {
    let dot = Token::Symbol(".");
    let [first, last] = before;
    let is = |token: Token<'_>, wanted: &str| matches!(token, Token::Word(word) if word.eq_ignore_ascii_case(wanted));
    let named = BEFORE_NAME.iter().any(|wanted| is(last, wanted)) && !is(first, "DISTINCT");
    named || last == dot || after == Some(&dot)
}
