use super::Statement;
use proptest::prelude::*;

fn summary(sql: &str) -> String {
    Statement::parse(sql).summary
}

fn text(sql: &str) -> String {
    Statement::parse(sql).text
}

#[test]
fn plain_statements_are_summed_up_by_operation_and_table() {
    assert_eq!(
        summary("SELECT id FROM users WHERE email = ?"),
        "SELECT users"
    );
    assert_eq!(
        summary("insert into refresh_tokens (a, b) values (?, ?)"),
        "INSERT refresh_tokens"
    );
    assert_eq!(
        summary("UPDATE users SET name = ? WHERE id = ?"),
        "UPDATE users"
    );
    assert_eq!(
        summary("DELETE FROM sessions WHERE expires < ?"),
        "DELETE sessions"
    );
    assert_eq!(summary("  SELECT 1"), "SELECT");
    assert_eq!(summary("BEGIN IMMEDIATE"), "BEGIN");
    assert_eq!(summary("PRAGMA journal_mode = WAL"), "PRAGMA");
}

#[test]
fn quotes_schemas_and_conflict_clauses_are_understood() {
    assert_eq!(summary(r#"SELECT * FROM "users""#), "SELECT users");
    assert_eq!(summary("SELECT * FROM `users`"), "SELECT users");
    assert_eq!(summary("SELECT * FROM [users]"), "SELECT users");
    assert_eq!(
        summary("SELECT * FROM main.users AS u"),
        "SELECT main.users"
    );
    assert_eq!(
        summary(r#"SELECT * FROM "public"."users""#),
        "SELECT public.users"
    );
    assert_eq!(
        summary("INSERT OR REPLACE INTO users VALUES (1)"),
        "INSERT users"
    );
    assert_eq!(summary("UPDATE OR IGNORE users SET a = 1"), "UPDATE users");
    assert_eq!(summary("REPLACE INTO users VALUES (1)"), "REPLACE users");
    assert_eq!(
        summary(
            "INSERT INTO users (a) VALUES (?) ON CONFLICT (a) DO UPDATE SET b = excluded.b RETURNING a"
        ),
        "INSERT users"
    );
}

#[test]
fn comments_do_not_hide_the_operation() {
    assert_eq!(summary("-- who\nSELECT * FROM users"), "SELECT users");
    assert_eq!(
        summary("/* a /* nested */ one */ SELECT * FROM users"),
        "SELECT users"
    );
    assert_eq!(summary("SELECT * FROM -- which?\n users"), "SELECT users");
}

#[test]
fn joins_lists_and_subqueries_name_their_tables() {
    assert_eq!(
        summary("SELECT * FROM a JOIN b ON a.id = b.id LEFT JOIN c USING (id)"),
        "SELECT a b c"
    );
    assert_eq!(
        summary("SELECT x, y FROM a AS one, b two WHERE f(1, 2)"),
        "SELECT a b"
    );
    assert_eq!(
        summary("SELECT * FROM users WHERE id IN (SELECT user_id FROM roles)"),
        "SELECT users roles"
    );
    assert_eq!(
        summary("SELECT * FROM (SELECT * FROM users) AS t"),
        "SELECT users"
    );
    assert_eq!(
        summary("INSERT INTO archive SELECT * FROM orders"),
        "INSERT archive SELECT orders"
    );
    assert_eq!(
        summary("DELETE FROM a WHERE b = ? OR c IN (SELECT c FROM a)"),
        "DELETE a"
    );
}

#[test]
fn names_that_a_with_clause_defines_are_no_tables() {
    let recursive =
        "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT n FROM t";
    assert_eq!(summary(recursive), "SELECT");
    let delete =
        "WITH old AS (SELECT id FROM sessions) DELETE FROM tokens WHERE id IN (SELECT id FROM old)";
    let statement = Statement::parse(delete);
    assert_eq!(statement.summary, "DELETE tokens sessions");
    assert_eq!(statement.operation.as_deref(), Some("DELETE"));
    assert_eq!(statement.collection, None);
}

#[test]
fn a_from_that_names_no_table_is_not_taken_for_one() {
    assert_eq!(
        summary("SELECT extract(year FROM created) FROM users"),
        "SELECT users"
    );
    assert_eq!(
        summary("SELECT * FROM users WHERE a IS DISTINCT FROM b"),
        "SELECT users"
    );
    assert_eq!(summary("SELECT * FROM generate_series(1, 10)"), "SELECT");
}

#[test]
fn definitions_name_what_they_define() {
    assert_eq!(
        summary("CREATE TABLE IF NOT EXISTS users (id INTEGER)"),
        "CREATE users"
    );
    assert_eq!(summary("DROP TABLE IF EXISTS users"), "DROP users");
    assert_eq!(summary("ALTER TABLE users ADD COLUMN a"), "ALTER users");
    assert_eq!(
        summary("CREATE INDEX by_email ON users (email)"),
        "CREATE users"
    );
}

#[test]
fn literals_become_question_marks_and_placeholders_stay() {
    assert_eq!(
        text("SELECT 'it''s', 12, 1.5e-3, x'ff', NULL"),
        "SELECT ?, ?, ?, ?, NULL"
    );
    assert_eq!(
        text("SELECT ?, ?2, $3, :name, @name"),
        "SELECT ?, ?2, $3, :name, @name"
    );
    assert_eq!(text(r"SELECT E'a\'b', $tag$secret$tag$"), "SELECT ?, ?");
    assert_eq!(text("SELECT a::text FROM t1"), "SELECT a::text FROM t1");
    assert_eq!(text("SELECT\n  a, -- note\n  b\n"), "SELECT a, b");
    assert_eq!(text("SELECT 'never ends"), "SELECT ?");
    assert_eq!(text(r#"SELECT "two words", "name""#), r#"SELECT ?, "name""#);
    assert_eq!(
        text("SELECT a LIKE '50\\%' ESCAPE '\\'"),
        "SELECT a LIKE ? ESCAPE ?"
    );
}

#[test]
fn a_long_text_is_cut() {
    let long = format!("SELECT {}", "a, ".repeat(10_000));
    assert!(text(&long).len() <= 4096);
    let wide = format!("SELECT * FROM {}", "a_table_name, ".repeat(10_000));
    assert!(summary(&wide).len() <= 255);
}

/// Pieces that statements are made of, so that random ones look like SQL.
fn sql() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "SELECT ", "INSERT ", "INTO ", "FROM ", "JOIN ", "WITH ", "AS ", "OR ", "ON ",
            "UPDATE ", "(", ")", ",", ".", ";", "'", "''", "\"", "`", "[", "]", "$", "$$", "$a$",
            "?", ":", "::", "@", "--", "\n", "/*", "*/", "\\", "e'", "x'", "0x", "1e", "+", "é",
            "日本",
        ])
        .prop_map(str::to_owned),
        "[a-z]{1,5} ",
        ".{0,5}",
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_text_can_be_parsed(sql in sql()) {
        let statement = Statement::parse(&sql);
        prop_assert!(statement.summary.len() <= 255);
        prop_assert!(statement.text.len() <= 4096);
    }

    #[test]
    fn literals_never_survive(
        secret in "[A-Z]{8}",
        around in "[a-z '\\\\\"$?]{0,6}",
        number in 10_000_000_u32..,
    ) {
        let quoted = format!("{around}{secret}{around}").replace('\'', "''");
        let sql = format!(
            "SELECT a FROM t WHERE a = '{quoted}' AND b = {number} AND c IN ('{secret}', x'{number}') \
             AND d = $q${secret}$q$ /* {secret} */ -- {secret}"
        );
        let statement = Statement::parse(&sql);
        let told = format!("{statement:?}");
        prop_assert!(!told.contains(&secret), "{told}");
        prop_assert!(!told.contains(&number.to_string()), "{told}");
        prop_assert_eq!(statement.summary, "SELECT t");
    }
}
