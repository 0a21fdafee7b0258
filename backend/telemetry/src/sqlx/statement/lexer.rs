//! SQL as tokens, as far as SQLite, PostgreSQL and MySQL agree, and a little further.
//!
//! Where dialects differ, the reading that hides more wins: comments nest, a string that does not end goes on to the
//! end, and a quoted name that does not look like a name is a value.

/// A piece of SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// A keyword or a plain name.
    Word(&'a str),
    /// A quoted name, with and without its quotes.
    Quoted { source: &'a str, name: &'a str },
    /// A string, a number, a blob: never shown.
    Literal,
    /// `?`, `?1`, `$1`, `:name`, `@name`.
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
    /// Whether white space would be the first token.
    at_start: bool,
}

// === impl Lexer ===

impl<'a> Lexer<'a> {
    pub(super) fn new(sql: &'a str) -> Self {
        Self {
            rest: sql,
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

    /// Skips white space and comments. Whether there were any.
    fn skip_space(&mut self) -> bool {
        let before = self.rest.len();
        loop {
            self.cut_while(char::is_whitespace);
            if self.rest.starts_with("--") {
                self.cut_while(|character| character != '\n');
            } else if self.rest.starts_with("/*") {
                self.skip_comment();
            } else {
                return self.rest.len() < before;
            }
        }
    }

    fn skip_comment(&mut self) {
        let mut depth = 0_usize;
        loop {
            if self.rest.starts_with("/*") {
                depth += 1;
                self.cut(2);
            } else if self.rest.starts_with("*/") {
                depth -= 1;
                self.cut(2);
                if depth == 0 {
                    return;
                }
            } else if let Some(character) = self.rest.chars().next() {
                self.cut(character.len_utf8());
            } else {
                return;
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

    /// `"name"`, `` `name` ``. SQLite takes `"text"` for a string where no such name is known, and MySQL always does, so
    /// only what looks like a name is taken for one.
    fn quoted_name(&mut self, close: char) -> Token<'a> {
        let source = self.cut_quoted(close, Escapes::Backslash);
        let name = source
            .get(1..source.len().saturating_sub(1))
            .filter(|_| source.ends_with(close));
        match name {
            Some(name) if is_name(name) => Token::Quoted { source, name },
            _ => Token::Literal,
        }
    }

    /// `[name]`; else the beginning of an array's index or elements.
    fn bracket(&mut self) -> Token<'a> {
        let after = self.rest.get(1..).unwrap_or_default();
        match after.split_once(']') {
            Some((name, _)) if is_name(name) => Token::Quoted {
                source: self.cut(name.len() + 2),
                name,
            },
            _ => Token::Symbol(self.cut(1)),
        }
    }

    fn word(&mut self) -> Token<'a> {
        let word = self.cut_while(is_name_part);
        if !self.rest.starts_with('\'') {
            return Token::Word(word);
        }
        // A prefix of a string: e'…', x'…', b'…', n'…'.
        match word {
            "e" | "E" => {
                self.cut_quoted('\'', Escapes::Backslash);
                Token::Literal
            }
            "x" | "X" | "b" | "B" | "n" | "N" => {
                self.cut_quoted('\'', Escapes::None);
                Token::Literal
            }
            _ => Token::Word(word),
        }
    }

    fn number(&mut self) -> Token<'a> {
        loop {
            let part = self.cut_while(|character| is_name_part(character) || character == '.');
            // 1e-5
            let exponent = part.ends_with(['e', 'E']) && !part.starts_with("0x");
            if exponent && self.rest.starts_with(['+', '-']) {
                self.cut(1);
            } else {
                return Token::Literal;
            }
        }
    }

    /// `$1`, `$name`, or PostgreSQL's `$tag$ text $tag$`.
    fn dollar(&mut self) -> Token<'a> {
        let after = self.rest.get(1..).unwrap_or_default();
        let tag = after
            .find(|character: char| !(character.is_alphanumeric() || character == '_'))
            .unwrap_or(after.len());
        let is_quote = after.get(tag..).is_some_and(|rest| rest.starts_with('$'))
            && !after.starts_with(|first: char| first.is_ascii_digit());
        if !is_quote {
            return Token::Placeholder(self.cut(1 + tag));
        }
        let quote = self.cut(tag + 2);
        let end = self.rest.find(quote).map(|at| at + quote.len());
        self.cut(end.unwrap_or(self.rest.len()));
        Token::Literal
    }

    /// `?1`, `:name`, `@name`; a lone `:` or `@` is a symbol.
    fn placeholder(&mut self) -> Token<'a> {
        let after = self.rest.get(1..).unwrap_or_default();
        let end = after
            .find(|character: char| !(character.is_alphanumeric() || character == '_'))
            .unwrap_or(after.len());
        let is_question_mark = self.rest.starts_with('?');
        let token = self.cut(1 + end);
        if end > 0 || is_question_mark {
            Token::Placeholder(token)
        } else {
            Token::Symbol(token)
        }
    }
}

impl<'a> Iterator for Lexer<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let spaced = self.skip_space();
        let first = self.rest.chars().next()?;
        if std::mem::replace(&mut self.at_start, false) {
            // Space at the start is not told.
        } else if spaced {
            return Some(Token::Space);
        }
        let second = self.rest.chars().nth(1);
        Some(match first {
            '\'' => {
                self.cut_quoted('\'', Escapes::None);
                Token::Literal
            }
            '"' | '`' => self.quoted_name(first),
            '[' => self.bracket(),
            '$' => self.dollar(),
            // A cast of PostgreSQL, not a placeholder.
            ':' if second == Some(':') => Token::Symbol(self.cut(2)),
            '?' | ':' | '@' => self.placeholder(),
            '0'..='9' => self.number(),
            '.' if second.is_some_and(|it| it.is_ascii_digit()) => self.number(),
            _ if is_name_start(first) => self.word(),
            _ => Token::Symbol(self.cut(first.len_utf8())),
        })
    }
}

/// What a backslash does in a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Escapes {
    None,
    Backslash,
}

fn is_name_start(character: char) -> bool {
    character.is_alphabetic() || character == '_'
}

fn is_name_part(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '$')
}

fn is_name(text: &str) -> bool {
    text.starts_with(is_name_start) && text.chars().all(is_name_part)
}
