//! Errors of a database, without the values that their messages may quote.

use super::Exception;
use sqlx::Error;

/// What is written of a query that failed.
pub(crate) fn exception(error: &Error) -> Exception {
    Exception::new("sqlx::Error", message(error))
}

/// What databases put between quotes: names and values, in the quotes of the language that they speak.
const QUOTES: [char; 15] = [
    '"', '\'', '`', '»', '«', '›', '‹', '„', '“', '”', '‚', '‘', '’', '「', '」',
];

/// What is followed by a colon and the name of a table or a rule, or by no name at all.
const BEFORE_NAME: [&str; 3] = ["no such table", "constraint failed", "near ?"];

/// Databases put names and values between quotes and after colons: `invalid input syntax for type integer: "secret"`, or
/// `no such column: secret` for a word of a full-text search. Both are left out; the name of a constraint comes from where
/// it can be nothing else.
fn message(error: &Error) -> String {
    match error {
        Error::Database(error) => {
            let mut message = without_values(error.message());
            if let Some(constraint) = error.constraint() {
                message.push_str(" (constraint ");
                message.push_str(constraint);
                message.push(')');
            }
            message
        }
        Error::Io(error) => error.to_string(),
        Error::PoolTimedOut | Error::PoolClosed | Error::WorkerCrashed => error.to_string(),
        // These may show a row's values, and quote them or not.
        Error::Encode(_) => "a value could not be encoded".to_owned(),
        Error::Decode(_) | Error::ColumnDecode { .. } => "a value could not be decoded".to_owned(),
        _ => without_values(&error.to_string()),
    }
}

fn without_values(text: &str) -> String {
    let text = unquoted(text);
    match text.split_once(": ") {
        Some((before, _)) if !BEFORE_NAME.iter().any(|it| before.ends_with(it)) => {
            format!("{before}: ?")
        }
        _ => text,
    }
}

/// The text with one `?` for all from the first quote to the last: a value may have quotes in it. An apostrophe counts as
/// a quote: rather too much than too little.
fn unquoted(text: &str) -> String {
    let Some((before, quoted)) = text.split_once(QUOTES) else {
        return text.to_owned();
    };
    let after = quoted.rsplit_once(QUOTES).map_or("", |(_, after)| after);
    format!("{before}?{after}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_a_value_is_left_out() {
        for (text, told) in [
            (
                r#"invalid input syntax for type integer: "secret" at 'x''y'"#,
                "invalid input syntax for type integer: ?",
            ),
            (
                r#"time zone "a"secret"b" not recognized"#,
                "time zone ? not recognized",
            ),
            (
                "ungültige Eingabe »secret« für integer",
                "ungültige Eingabe ? für integer",
            ),
            ("valeur « secret » refusée", "valeur ? refusée"),
            ("near \"it's\": syntax error", "near ?: syntax error"),
            ("a password that isn't closed", "a password that isn?"),
            ("no such column: secret", "no such column: ?"),
            ("fts5: syntax error near \"secret\"", "fts5: ?"),
            ("no such table: users", "no such table: users"),
            (
                "UNIQUE constraint failed: users.email",
                "UNIQUE constraint failed: users.email",
            ),
        ] {
            assert_eq!(without_values(text), told);
        }
    }
}
