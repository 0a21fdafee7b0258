use super::{Dialect, Statement};

mod hostile;

const DIALECTS: [Dialect; 2] = [Dialect::Sqlite, Dialect::Postgres];

/// The summary, where both dialects agree.
fn summary(sql: &str) -> String {
    let [sqlite, postgres] = DIALECTS.map(|dialect| Statement::parse(sql, dialect).summary);
    assert_eq!(sqlite, postgres);
    sqlite
}

/// The text, where both dialects agree.
fn text(sql: &str) -> String {
    let (sqlite, postgres) = (sqlite(sql), postgres(sql));
    assert_eq!(sqlite, postgres);
    sqlite
}

fn sqlite(sql: &str) -> String {
    Statement::parse(sql, Dialect::Sqlite).text
}

fn postgres(sql: &str) -> String {
    Statement::parse(sql, Dialect::Postgres).text
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
fn a_statement_is_named_by_what_it_does_and_not_by_what_is_in_it() {
    for (sql, told) in [
        ("GRANT SELECT ON users TO reporting", "GRANT"),
        ("REVOKE INSERT ON users FROM reporting", "REVOKE"),
        ("COPY users (id) FROM STDIN", "COPY users"),
        ("LOCK TABLE users IN ACCESS EXCLUSIVE MODE", "LOCK users"),
        ("LISTEN jobs", "LISTEN"),
        ("FETCH 10 FROM cursor", "FETCH"),
        ("UNHEARD OF; SELECT * FROM users", ""),
        (
            "(SELECT id FROM users) UNION (SELECT id FROM guests)",
            "SELECT users guests",
        ),
        (
            "WITH gone AS (DELETE FROM jobs RETURNING *) INSERT INTO done SELECT * FROM gone",
            "INSERT done SELECT jobs",
        ),
    ] {
        assert_eq!(summary(sql), told, "{sql}");
    }
}

#[test]
fn quotes_schemas_and_conflict_clauses_are_understood() {
    assert_eq!(summary(r#"SELECT * FROM "users""#), "SELECT users");
    let sqlite = |sql| Statement::parse(sql, Dialect::Sqlite).summary;
    assert_eq!(sqlite("SELECT * FROM `users`"), "SELECT users");
    assert_eq!(sqlite("SELECT * FROM [users]"), "SELECT users");
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
    let nested = Statement::parse("/* a /* b */ c */ SELECT * FROM users", Dialect::Postgres);
    assert_eq!(nested.summary, "SELECT users");
    assert_eq!(sqlite("/* a /* b */ SELECT 1"), "SELECT ?");
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
    let statement = Statement::parse(delete, Dialect::Postgres);
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
fn commas_lead_to_tables_only_in_lists_of_tables() {
    assert_eq!(
        summary("SELECT (SELECT a FROM t), f(1, b), c FROM u"),
        "SELECT u t"
    );
    assert_eq!(
        summary("SELECT * FROM a, (SELECT x, y FROM b) AS c, d WHERE e"),
        "SELECT a d b"
    );
    assert_eq!(
        summary("SELECT a FROM t WINDOW w AS (ORDER BY a), v AS (ORDER BY b)"),
        "SELECT t"
    );
    assert_eq!(
        summary("CREATE VIEW v AS SELECT 1 FROM f(1) JOIN g(2) ON a = b"),
        "CREATE"
    );
}

#[test]
fn literals_become_question_marks_and_placeholders_stay() {
    assert_eq!(
        text("SELECT 'it''s', 12, 1.5e-3, x'ff', NULL"),
        "SELECT ?, ?, ?, ?, NULL"
    );
    assert_eq!(text("SELECT $1, $23"), "SELECT $1, $23");
    assert_eq!(text("SELECT\n  a, -- note\n  b\n"), "SELECT a, b");
    assert_eq!(text("SELECT 'never ends"), "SELECT ?");
    assert_eq!(
        text(r"SELECT a LIKE '50\%' ESCAPE '\', 'b'"),
        "SELECT a LIKE ? ESCAPE ?, ?"
    );
}

#[test]
fn sqlite_is_read_as_sqlite_reads_it() {
    assert_eq!(
        sqlite("SELECT ?, ?2, :name, @name, $name, #1"),
        "SELECT ?, ?2, :name, @name, $name, #1"
    );
    assert_eq!(sqlite(r"SELECT 'a\', 'b'"), "SELECT ?, ?");
    assert_eq!(sqlite("SELECT $$ ' $$ secret '"), "SELECT $$ ?");
    assert_eq!(sqlite("SELECT $a('), 'b'"), "SELECT ?, ?");
    assert_eq!(sqlite("SELECT $a::b, 'c'"), "SELECT $a::b, ?");
    assert_eq!(sqlite("SELECT [it's], `it's`, 'secret'"), "SELECT ?, ?, ?");
}

#[test]
fn a_double_quoted_word_is_shown_only_where_sqlite_must_take_it_for_a_name() {
    assert_eq!(
        sqlite(r#"SELECT "u"."id" FROM "users" AS "u" WHERE "u"."email" = "secret""#),
        r#"SELECT "u"."id" FROM "users" AS "u" WHERE "u"."email" = ?"#
    );
    assert_eq!(
        sqlite(r#"SELECT a IS DISTINCT FROM "secret""#),
        "SELECT a IS DISTINCT FROM ?"
    );
    assert_eq!(
        postgres(r#"SELECT "id" FROM "users" WHERE "two words" = 1"#),
        r#"SELECT "id" FROM "users" WHERE ? = ?"#
    );
}

#[test]
fn postgresql_is_read_as_postgresql_reads_it() {
    assert_eq!(
        postgres(r"SELECT E'a\'b', $tag$secret$tag$, $$it's$$, U&'d\0061t'"),
        "SELECT ?, ?, ?, U&?"
    );
    assert_eq!(
        postgres("SELECT E'a' -- on\n 'b\\'secret', 'c'"),
        "SELECT ?, ?"
    );
    assert_eq!(postgres("SELECT $😀$ secret $😀$, 1"), "SELECT ?, ?");
    assert_eq!(
        postgres("SELECT a::text[1], b ? 'c' FROM t1"),
        "SELECT a::text[?], b ? ? FROM t1"
    );
    assert_eq!(postgres(r"SELECT a[1:E'x\'secret']"), "SELECT a[?:?]");
    assert_eq!(
        postgres(r#"SELECT "a\", "b", 'secret'"#),
        r#"SELECT ?, "b", ?"#
    );
    assert_eq!(postgres("SELECT 1e--'\n'secret'"), "SELECT ? ?");
    assert_eq!(postgres("SELECT 1 -- '\r, 'secret'"), "SELECT ? , ?");
    assert_eq!(postgres("SELECT 1$$a secret$$"), "SELECT ??");
    assert_eq!(postgres("SELECT E'a', `b, 'c'"), "SELECT ?, `b, ?");
}

#[test]
fn a_long_text_is_cut() {
    let long = format!("SELECT {}", "a, ".repeat(10_000));
    assert!(text(&long).len() <= 4096);
    let wide = format!("SELECT * FROM {}", "a_table_name, ".repeat(10_000));
    assert!(summary(&wide).len() <= 255);
}
