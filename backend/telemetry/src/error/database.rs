//! Errors of a database, without the values that their messages may quote.

use super::Exception;
use sqlx::Error;

/// What is written of a query that failed.
pub(crate) fn exception(error: &Error) -> Exception {
    Exception::new("sqlx::Error", message(error))
}

/// Databases put names and values between quotes: `invalid input syntax for type integer: "secret"`. What is between
/// them is left out; the name of a constraint comes from where it can be nothing else.
fn message(error: &Error) -> String {
    match error {
        Error::Database(error) => {
            let mut message = unquoted(error.message());
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
        _ => unquoted(&error.to_string()),
    }
}

/// The text with a `?` for everything between quotes. An apostrophe counts as a quote: rather too much than too little.
fn unquoted(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, quoted)) = rest.split_once(['"', '\'']) {
        kept.push_str(before);
        kept.push('?');
        let quote = rest.as_bytes().get(before.len()).copied().map(char::from);
        rest = quote
            .and_then(|quote| quoted.split_once(quote))
            .map_or("", |(_, after)| after);
    }
    kept.push_str(rest);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_quoted_is_left_out() {
        let text = r#"invalid input syntax for type integer: "secret" at 'x''y'"#;
        assert_eq!(
            unquoted(text),
            "invalid input syntax for type integer: ? at ??"
        );
        assert_eq!(unquoted("near \"it's\": syntax"), "near ?: syntax");
        assert_eq!(
            unquoted("a password that isn't closed"),
            "a password that isn?"
        );
        assert_eq!(unquoted("no such table: users"), "no such table: users");
    }
}
