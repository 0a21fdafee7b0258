//! Whatever stands in a statement, and whatever stands around it: no value is told.

use super::{DIALECTS, Dialect, Statement};
use proptest::prelude::*;

const CASES: u32 = 10_000;
const SECRET: &str = "QZKXJW";
const SECRET_NUMBER: &str = "73518462";

/// What may confuse who reads it.
const HOSTILE: [&str; 22] = [
    "'", "''", "\"", "`", "[", "]", "\\", "\\'", "$", "$$", "$q$", "--", "/*", "*/", "\n", "\r",
    ";", " E'", "x'", "(", ")", "é",
];

/// Any text with the secret in it.
fn content() -> impl Strategy<Value = String> {
    let around = || prop::collection::vec(prop::sample::select(&HOSTILE[..]), 0..4);
    (around(), around())
        .prop_map(|(before, after)| [&before.concat(), SECRET, &after.concat()].concat())
}

fn single_quoted(content: &str) -> String {
    format!("'{}'", content.replace('\'', "''"))
}

fn backslashed(content: &str) -> String {
    content.replace('\\', "\\\\").replace('\'', "\\'")
}

/// A value, or a comment, in the words of one dialect.
fn literal(dialect: Dialect) -> BoxedStrategy<String> {
    let kind = 0..if dialect == Dialect::Sqlite { 6 } else { 11 };
    (kind, content())
        .prop_map(move |(kind, it)| match (kind, dialect) {
            (0, _) => single_quoted(&it),
            (1, _) => SECRET_NUMBER.to_owned(),
            (2, _) => format!("0.{SECRET_NUMBER}e-7"),
            (3, _) => format!("x'{SECRET_NUMBER}'"),
            (4, _) => format!("-- {}\n1", it.replace(['\n', '\r'], "")),
            (5, Dialect::Sqlite) => format!("\"{}\"", it.replace('"', "\"\"")),
            (6, _) => format!("E'{}'", backslashed(&it)),
            (7, _) => format!("E'{}'\n '{}'", backslashed(&it), backslashed(&it)),
            (8, _) => format!("$tag${it}$tag$"),
            (9, _) => format!("$${}$$", it.replace('$', "")),
            (10, _) => format!("/* {SECRET} /* {} */ {SECRET} */1", it.replace('/', "")),
            (_, _) => format!("/* {} */1", it.replace('/', "")),
        })
        .boxed()
}

/// What is no value.
fn name(dialect: Dialect) -> impl Strategy<Value = String> {
    let names: &[&str] = match dialect {
        Dialect::Sqlite => &[
            "a",
            "t.b",
            "[it's]",
            "[a]",
            "`it's`",
            "\"t\".\"b\"",
            "?",
            "?1",
            ":a",
            "@a",
            "$a",
            "$a::b",
            "NULL",
            "(SELECT c FROM d)",
            "E",
        ],
        Dialect::Postgres => &[
            "a",
            "t.b",
            "\"it's\"",
            "\"a\\\"",
            "c[1]",
            "$1",
            "a$b",
            "d::text",
            "@ e",
            "NULL",
            "E",
            "(SELECT c FROM d)",
            "b ? c",
        ],
    };
    prop::sample::select(names).prop_map(str::to_owned)
}

/// A statement whose every value is the secret.
fn statement(dialect: Dialect) -> impl Strategy<Value = String> {
    let piece = prop_oneof![literal(dialect), name(dialect)];
    let between = prop::sample::select(vec![",", " , ", "=", "||", "\n<", " AND (", ") OR ", "+"]);
    let pieces = prop::collection::vec((piece, between), 1..12);
    let verb = prop::sample::select(vec![
        "SELECT ",
        "SELECT a FROM t WHERE b IN (",
        "INSERT INTO t (a) VALUES (",
        "UPDATE t SET a = ",
        "DELETE FROM t WHERE ",
        "WITH w AS (SELECT ",
        "",
    ]);
    (verb, pieces).prop_map(|(verb, pieces)| {
        let mut sql = verb.to_owned();
        for (piece, between) in pieces {
            sql.push_str(&piece);
            sql.push_str(between);
        }
        sql
    })
}

fn tells_nothing(sql: &str, dialect: Dialect) -> Result<(), TestCaseError> {
    let told = format!("{:?}", Statement::parse(sql, dialect));
    prop_assert!(!told.contains(SECRET), "{told}");
    prop_assert!(!told.contains(SECRET_NUMBER), "{told}");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    #[test]
    fn no_value_of_sqlite_survives(sql in statement(Dialect::Sqlite)) {
        tells_nothing(&sql, Dialect::Sqlite)?;
    }

    #[test]
    fn no_value_of_postgresql_survives(sql in statement(Dialect::Postgres)) {
        tells_nothing(&sql, Dialect::Postgres)?;
    }

    #[test]
    fn any_text_can_be_read_and_what_is_told_of_it_is_short(
        pieces in prop::collection::vec(prop_oneof![
            prop::sample::select(&HOSTILE[..]).prop_map(str::to_owned),
            prop::sample::select(vec![
                "SELECT ", "INSERT ", "INTO ", "FROM ", "JOIN ", "WITH ", "AS ", "OR ", "ON ", "UPDATE ", ".",
                ",", "?", ":", "::", "@", "0x", "1e", "+", "日本", "\u{feff}", "\0",
            ]).prop_map(str::to_owned),
            any::<char>().prop_map(|it| it.to_string()),
            Just(format!("{} ", "name".repeat(70))),
        ], 0..60),
    ) {
        let sql = pieces.concat();
        for dialect in DIALECTS {
            let statement = Statement::parse(&sql, dialect);
            prop_assert!(statement.summary.len() <= 255);
            prop_assert!(statement.text.len() <= 4096);
            prop_assert!(statement.collection.is_none_or(|name| name.len() <= 255));
        }
    }
}
