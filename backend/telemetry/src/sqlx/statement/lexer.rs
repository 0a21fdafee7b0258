//! SQL as tokens, the way that SQLite (`tokenize.c`) and PostgreSQL (`scan.l`) read it.
//!
//! What ends a string differs between them, and to be wrong about one quote shows what is in all strings after it: each is
//! read by its own rules, errors included.

/// Whose SQL it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Backquotes, brackets and double quotes make names, but a double-quoted name that is not known is a string.
    Sqlite,
    /// Comments nest, dollars quote, `E'…'` has backslashes.
    Postgres,
}

/// A piece of SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// A keyword or a plain name.
    Word(&'a str),
    /// A quoted name, with and without its quotes. Names that do not look like one are literals.
    Quoted { source: &'a str, name: &'a str },
    /// A string, a number, a blob: never shown.
    Literal,
    /// `$1`; in SQLite also `?`, `?1`, `:name`, `@name`, `$name`.
    Placeholder(&'a str),
    /// Any other character.
    Symbol(&'a str),
    /// White space and comments, as many as there are.
    Space,
}

/// Cuts tokens from the front of what is left.
#[derive(Clone, Debug)]
pub(super) struct Lexer<'a> {
    rest: &'a str,
    dialect: Dialect,
    /// Whether white space would be the first token.
    at_start: bool,
}

/// What a backslash does in a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Escapes {
    None,
    Backslash,
}

// === impl Dialect ===

impl Dialect {
    /// The value of `db.system.name`.
    pub(in crate::sqlx) fn system_name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgresql",
        }
    }
}

// === impl Lexer ===

impl<'a> Lexer<'a> {
    pub(super) fn new(sql: &'a str, dialect: Dialect) -> Self {
        Self {
            rest: sql,
            dialect,
            at_start: true,
        }
    }

    /// Cuts `length` bytes, or all if that is no border of a character.
    fn cut(&mut self, length: usize) -> &'a str {
        let (token, rest) = self
            .rest
            .split_at_checked(length)
            .unwrap_or((self.rest, ""));
        self.rest = rest;
        token
    }

    fn cut_while(&mut self, accepts: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|character| !accepts(character));
        self.cut(end.unwrap_or(self.rest.len()))
    }

    /// Cuts up to and with the first `end`; all if there is none.
    fn cut_through(&mut self, end: &str) -> &'a str {
        let length = self.rest.find(end).map(|at| at + end.len());
        self.cut(length.unwrap_or(self.rest.len()))
    }

    /// Skips white space and comments. Whether there were any.
    fn skip_space(&mut self) -> bool {
        let before = self.rest.len();
        loop {
            self.cut_while(is_space);
            if self.dialect == Dialect::Sqlite && self.rest.starts_with(BYTE_ORDER_MARK) {
                self.cut(BYTE_ORDER_MARK.len_utf8());
            } else if self.rest.starts_with("--") {
                self.skip_line();
            } else if self.rest.starts_with("/*") {
                self.skip_comment();
            } else {
                return self.rest.len() < before;
            }
        }
    }

    fn skip_line(&mut self) {
        match self.dialect {
            Dialect::Sqlite => self.cut_while(|character| character != '\n'),
            Dialect::Postgres => self.cut_while(|character| !matches!(character, '\n' | '\r')),
        };
    }

    fn skip_comment(&mut self) {
        self.cut(2);
        if self.dialect == Dialect::Sqlite {
            self.cut_through("*/");
            return;
        }
        let mut depth = 1_usize;
        while depth > 0 && !self.rest.is_empty() {
            self.cut_while(|character| !matches!(character, '/' | '*'));
            if self.rest.starts_with("/*") {
                depth += 1;
                self.cut(2);
            } else if self.rest.starts_with("*/") {
                depth -= 1;
                self.cut(2);
            } else {
                self.cut(1);
            }
        }
    }

    /// Cuts from an opening quote to its closing one. A doubled quote is part of the text; so is what follows a
    /// backslash, where backslashes escape.
    fn cut_quoted(&mut self, close: char, escapes: Escapes) -> &'a str {
        let mut end = self.rest.len();
        let mut characters = self.rest.char_indices().skip(1).peekable();
        while let Some((at, character)) = characters.next() {
            if character == '\\' && escapes == Escapes::Backslash {
                characters.next();
            } else if character == close && characters.next_if(|(_, next)| *next == close).is_none()
            {
                end = at + close.len_utf8();
                break;
            }
        }
        self.cut(end)
    }

    /// PostgreSQL's `E'…'`. Strings go on where another begins after white space, and backslashes go on to escape.
    fn escaped_string(&mut self) -> Token<'a> {
        loop {
            self.cut_quoted('\'', Escapes::Backslash);
            let mut ahead = self.clone();
            ahead.skip_space();
            if !ahead.rest.starts_with('\'') {
                return Token::Literal;
            }
            *self = ahead;
        }
    }

    /// `"name"`, `` `name` ``.
    fn quoted_name(&mut self, close: char) -> Token<'a> {
        let source = self.cut_quoted(close, Escapes::None);
        Self::named(source)
    }

    /// SQLite's `[name]`.
    fn bracketed_name(&mut self) -> Token<'a> {
        let source = self.cut_through("]");
        Self::named(source)
    }

    /// A name between the first and the last byte of `source`, if it looks like one.
    fn named(source: &'a str) -> Token<'a> {
        match source.get(1..source.len().saturating_sub(1)) {
            Some(name) if is_name(name) && source.ends_with(['"', '`', ']']) => {
                Token::Quoted { source, name }
            }
            _ => Token::Literal,
        }
    }

    fn word(&mut self) -> Token<'a> {
        let word = self.cut_while(is_name_part);
        if !self.rest.starts_with('\'') {
            return Token::Word(word);
        }
        // A prefix of a string: e'…', x'…', b'…', n'…'.
        match word {
            "e" | "E" if self.dialect == Dialect::Postgres => self.escaped_string(),
            "x" | "X" | "b" | "B" | "n" | "N" => {
                self.cut_quoted('\'', Escapes::None);
                Token::Literal
            }
            _ => Token::Word(word),
        }
    }

    /// A number, with what is wrongly stuck to it.
    fn number(&mut self) -> Token<'a> {
        let dollars = self.dialect == Dialect::Sqlite;
        let mut part = "";
        loop {
            let more =
                self.cut_while(|it| (is_name_part(it) && (dollars || it != '$')) || it == '.');
            part = if part.is_empty() { more } else { "" };
            // 1e-5
            let signed = part.ends_with(['e', 'E']) && self.rest.starts_with(['+', '-']);
            let exponent = self.rest.get(1..).unwrap_or_default();
            if !signed || !exponent.starts_with(|it: char| it.is_ascii_digit()) {
                break;
            }
            self.cut(1);
        }
        // Up to PostgreSQL 14, 1E'…' is a number and a string.
        let decimal = part
            .strip_suffix(['e', 'E'])
            .is_some_and(|digits| !digits.contains(|it: char| it.is_ascii_alphabetic()));
        if decimal && self.dialect == Dialect::Postgres && self.rest.starts_with('\'') {
            return self.escaped_string();
        }
        Token::Literal
    }

    /// PostgreSQL's `$1` and `$tag$ text $tag$`.
    fn dollar(&mut self) -> Token<'a> {
        let after = self.rest.get(1..).unwrap_or_default();
        let digits = after.len()
            - after
                .trim_start_matches(|it: char| it.is_ascii_digit())
                .len();
        if digits > 0 {
            return Token::Placeholder(self.cut(1 + digits));
        }
        let tag = after
            .find(|character| !is_name_part(character) || character == '$')
            .unwrap_or(after.len());
        if !after.get(tag..).is_some_and(|rest| rest.starts_with('$')) {
            return Token::Symbol(self.cut(1));
        }
        let quote = self.cut(tag + 2);
        self.cut_through(quote);
        Token::Literal
    }

    /// SQLite's `?1`, `:name`, `@name`, `$name`, `#name`; with the suffixes for Tcl, `$name::part(anything)`.
    fn variable(&mut self) -> Token<'a> {
        let before = self.rest;
        if self.cut(1) == "?" {
            let digits = self.cut_while(|it| it.is_ascii_digit()).len();
            return Token::Placeholder(before.get(..1 + digits).unwrap_or("?"));
        }
        let mut named = false;
        loop {
            named |= !self.cut_while(is_name_part).is_empty();
            if !self.rest.starts_with("::") {
                break;
            }
            self.cut(2);
        }
        if named && self.rest.starts_with('(') {
            self.cut_while(|it| !is_space(it) && it != ')');
            if self.rest.starts_with(')') {
                self.cut(1);
            }
            return Token::Literal;
        }
        let length = before.len() - self.rest.len();
        let source = before.get(..length).unwrap_or_default();
        if named {
            Token::Placeholder(source)
        } else {
            Token::Symbol(source)
        }
    }
}

impl<'a> Iterator for Lexer<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let spaced = self.skip_space();
        let mut characters = self.rest.chars();
        let first = characters.next()?;
        let second = characters.next();
        if std::mem::replace(&mut self.at_start, false) {
            // Space at the start is not told.
        } else if spaced {
            return Some(Token::Space);
        }
        let sqlite = self.dialect == Dialect::Sqlite;
        Some(match first {
            '\'' => {
                self.cut_quoted('\'', Escapes::None);
                Token::Literal
            }
            '"' => self.quoted_name(first),
            '`' if sqlite => self.quoted_name(first),
            '[' if sqlite => self.bracketed_name(),
            '?' | ':' | '@' | '$' | '#' if sqlite => self.variable(),
            '$' => self.dollar(),
            ':' if second == Some(':') => Token::Symbol(self.cut(2)),
            '0'..='9' => self.number(),
            '.' if second.is_some_and(|it| it.is_ascii_digit()) => self.number(),
            _ if is_name_start(first) => self.word(),
            _ => Token::Symbol(self.cut(first.len_utf8())),
        })
    }
}

/// White space for SQLite wherever a token may begin; else part of a name.
const BYTE_ORDER_MARK: char = '\u{feff}';

fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c')
}

/// Both take whatever is not ASCII for a letter.
fn is_name_start(character: char) -> bool {
    character.is_ascii_alphabetic() || character == '_' || !character.is_ascii()
}

fn is_name_part(character: char) -> bool {
    is_name_start(character) || character.is_ascii_digit() || character == '$'
}

fn is_name(text: &str) -> bool {
    text.starts_with(is_name_start) && text.chars().all(is_name_part)
}
