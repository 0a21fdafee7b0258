//! `SELECT users`: the operation and the tables of a statement, for names of few different values.

use super::lexer::Token;

/// The longest `db.query.summary`, by the semantic conventions; no name of a table is longer either.
const MAX_SUMMARY_BYTES: usize = 255;

/// Words that begin a statement, other than `WITH`, which the true operation follows.
const OPERATIONS: [&str; 40] = [
    "SELECT",
    "INSERT",
    "UPDATE",
    "DELETE",
    "REPLACE",
    "MERGE",
    "CREATE",
    "ALTER",
    "DROP",
    "TRUNCATE",
    "PRAGMA",
    "BEGIN",
    "START",
    "COMMIT",
    "END",
    "ROLLBACK",
    "SAVEPOINT",
    "RELEASE",
    "EXPLAIN",
    "VACUUM",
    "ANALYZE",
    "REINDEX",
    "ATTACH",
    "DETACH",
    "CALL",
    "SET",
    "VALUES",
    "GRANT",
    "REVOKE",
    "COPY",
    "LOCK",
    "LISTEN",
    "UNLISTEN",
    "NOTIFY",
    "REFRESH",
    "COMMENT",
    "SHOW",
    "DECLARE",
    "FETCH",
    "CLOSE",
];

/// Operations in which `FROM` and the like announce no table: a role, a file, a cursor.
const WITHOUT_TABLES: [&str; 13] = [
    "GRANT", "REVOKE", "COPY", "LOCK", "LISTEN", "UNLISTEN", "NOTIFY", "REFRESH", "COMMENT",
    "SHOW", "DECLARE", "FETCH", "CLOSE",
];

/// Operations whose next word is a table.
const BEFORE_TABLE: [&str; 4] = ["UPDATE", "TRUNCATE", "COPY", "LOCK"];

/// What may stand between the word that announces a table and its name.
const BEFORE_NAME: [&str; 9] = [
    "OR", "INTO", "ONLY", "IF", "NOT", "EXISTS", "LATERAL", "TABLE", "FROM",
];

/// What may follow `INSERT OR` and `UPDATE OR`.
const CONFLICT_ACTIONS: [&str; 5] = ["ROLLBACK", "ABORT", "REPLACE", "FAIL", "IGNORE"];

/// Functions whose arguments have a `FROM` of their own.
const FUNCTIONS_WITH_FROM: [&str; 5] = ["EXTRACT", "TRIM", "SUBSTRING", "OVERLAY", "POSITION"];

/// Words after which a comma does not lead to another table.
const AFTER_TABLES: [&str; 17] = [
    "WHERE",
    "GROUP",
    "ORDER",
    "HAVING",
    "LIMIT",
    "UNION",
    "EXCEPT",
    "INTERSECT",
    "SET",
    "VALUES",
    "RETURNING",
    "WINDOW",
    "OFFSET",
    "FETCH",
    "FOR",
    "ON",
    "USING",
];

/// Summary, operation, and the table if there is just one.
pub(super) fn of(tokens: &[Token<'_>]) -> (String, Option<String>, Option<String>) {
    let mut reader = Reader::default();
    let mut tokens = tokens
        .iter()
        .filter(|token| **token != Token::Space)
        .peekable();
    while let Some(token) = tokens.next() {
        let name = match token {
            Token::Word(word) if reader.wants_name(word) => Some(*word),
            Token::Quoted { name, .. } if reader.expects == Expects::Table => Some(*name),
            _ => None,
        };
        let Some(name) = name else {
            reader.read(token);
            continue;
        };
        let mut name = name.to_owned();
        while tokens
            .next_if(|next| **next == Token::Symbol("."))
            .is_some()
        {
            if let Some(Token::Word(part) | Token::Quoted { name: part, .. }) = tokens.peek() {
                name.push('.');
                name.push_str(part);
                tokens.next();
            }
        }
        let is_function = matches!(tokens.peek(), Some(Token::Symbol("(")));
        reader.table(name, is_function);
    }
    reader.finish()
}

/// What the next word may be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Expects {
    #[default]
    Nothing,
    Table,
}

/// What a parenthesis was opened after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Opened {
    /// A subquery's, a list's.
    Plain,
    /// That of a function whose `FROM` is not followed by a table.
    FunctionWithFrom,
}

#[derive(Debug, Default)]
struct Reader {
    operation: Option<String>,
    /// Whether it begins with a word that is not known: nothing is told of what follows.
    is_unknown: bool,
    /// `SELECT`, where the rows of an `INSERT` come from one.
    source: Option<&'static str>,
    expects: Expects,
    /// Whether what is created is on a table: the next `ON` names it.
    is_on_table: bool,
    /// Each with whether it interrupts a list of tables.
    parentheses: Vec<(Opened, bool)>,
    /// Whether a list of tables is being read, in which a comma leads to another.
    in_list: bool,
    previous: String,
    /// Names that a `WITH` defines. They are no tables.
    defined: Vec<String>,
    in_with: bool,
    /// Tables at the statement's own level, and those of its subqueries.
    tables: Vec<String>,
    inner_tables: Vec<String>,
}

// === impl Reader ===

impl Reader {
    /// Whether `word` is the name of a table.
    fn wants_name(&self, word: &str) -> bool {
        let upper = word.to_ascii_uppercase();
        let word = upper.as_str();
        let keyword = BEFORE_NAME.contains(&word)
            || matches!(word, "SELECT" | "VALUES" | "SET" | "WHERE")
            || (self.previous == "OR" && CONFLICT_ACTIONS.contains(&word));
        self.expects == Expects::Table && !keyword
    }

    fn read(&mut self, token: &Token<'_>) {
        match token {
            Token::Word(word) => self.word(word),
            Token::Quoted { name, .. } if self.in_with => self.define(name),
            Token::Symbol("(") => self.open(),
            Token::Symbol(")") => self.close(),
            Token::Symbol(",") if self.in_list => {
                self.expects = Expects::Table;
            }
            Token::Symbol(";") => {
                self.in_list = false;
                self.expects = Expects::Nothing;
            }
            _ => {}
        }
        if !matches!(token, Token::Word(_)) {
            self.previous.clear();
        }
    }

    fn word(&mut self, word: &str) {
        let upper = word.to_ascii_uppercase();
        let outermost = self.parentheses.is_empty();
        if self.operation.is_none() && (outermost || !self.in_with) {
            match upper.as_str() {
                "WITH" => self.in_with = true,
                _ if self.is_unknown => {}
                operation if OPERATIONS.contains(&operation) => self.begin(&upper),
                _ if self.in_with => self.define(word),
                _ => self.is_unknown = true,
            }
        } else {
            self.keyword(&upper, outermost);
        }
        self.previous = upper;
    }

    /// The operation itself.
    fn begin(&mut self, operation: &str) {
        self.in_with = false;
        self.operation = Some(operation.to_owned());
        if BEFORE_TABLE.contains(&operation) {
            self.expects = Expects::Table;
        }
    }

    /// A word of the statement after its operation.
    fn keyword(&mut self, word: &str, outermost: bool) {
        let operation = self.operation.as_deref().unwrap_or_default();
        let in_function = matches!(self.parentheses.last(), Some((Opened::FunctionWithFrom, _)));
        if WITHOUT_TABLES.contains(&operation) {
            return;
        }
        match word {
            "FROM" if self.previous == "DISTINCT" || in_function => {}
            "FROM" => {
                self.expects = Expects::Table;
                self.in_list = true;
            }
            "JOIN" => self.expects = Expects::Table,
            "INTO" if matches!(operation, "INSERT" | "REPLACE" | "MERGE") => {
                self.expects = Expects::Table;
            }
            "TABLE" if matches!(operation, "CREATE" | "ALTER" | "DROP") => {
                self.expects = Expects::Table;
            }
            "INDEX" | "TRIGGER" if operation == "CREATE" => self.is_on_table = true,
            "ON" if std::mem::take(&mut self.is_on_table) => self.expects = Expects::Table,
            "SELECT" if outermost && matches!(operation, "INSERT" | "REPLACE") => {
                self.source = Some("SELECT");
            }
            word if AFTER_TABLES.contains(&word) => {
                self.in_list = false;
                self.expects = Expects::Nothing;
            }
            word if self.expects == Expects::Table && !self.is_before_name(word) => {
                self.expects = Expects::Nothing;
            }
            _ => {}
        }
    }

    fn is_before_name(&self, word: &str) -> bool {
        BEFORE_NAME.contains(&word) || self.previous == "OR"
    }

    fn open(&mut self) {
        let function = FUNCTIONS_WITH_FROM.contains(&self.previous.as_str());
        let opened = if function {
            Opened::FunctionWithFrom
        } else {
            Opened::Plain
        };
        let interrupted = std::mem::take(&mut self.in_list);
        self.parentheses.push((opened, interrupted));
        self.expects = Expects::Nothing;
    }

    fn close(&mut self) {
        self.in_list = self.parentheses.pop().is_some_and(|(_, list)| list);
        self.expects = Expects::Nothing;
    }

    fn define(&mut self, name: &str) {
        if !["RECURSIVE", "AS", "NOT", "MATERIALIZED"].contains(&name.to_ascii_uppercase().as_str())
        {
            self.defined.push(name.to_owned());
        }
    }

    fn table(&mut self, name: String, is_function: bool) {
        self.expects = Expects::Nothing;
        self.previous.clear();
        let definition = is_function && self.tables.is_empty() && !self.in_list;
        let unknown = (is_function && !definition) || name.len() > MAX_SUMMARY_BYTES;
        if unknown || self.defined.contains(&name) {
            return;
        }
        let known = self.tables.contains(&name) || self.inner_tables.contains(&name);
        if known {
            return;
        }
        if self.parentheses.is_empty() {
            self.tables.push(name);
        } else {
            self.inner_tables.push(name);
        }
    }

    fn finish(self) -> (String, Option<String>, Option<String>) {
        let Some(operation) = self.operation else {
            return (String::new(), None, None);
        };
        let mut tables = self.tables;
        let source = self.source.map(str::to_owned);
        let at = usize::from(!tables.is_empty());
        tables.extend(self.inner_tables);
        let collection = match tables.as_slice() {
            [only] => Some(only.clone()),
            _ => None,
        };
        let rest = tables.split_off(at.min(tables.len()));
        let words = tables.into_iter().chain(source).chain(rest);
        let mut summary = operation.clone();
        for word in words {
            if summary.len() + 1 + word.len() > MAX_SUMMARY_BYTES {
                break;
            }
            summary.push(' ');
            summary.push_str(&word);
        }
        (summary, Some(operation), collection)
    }
}
