//! docs/semconv.md tells the truth: whatever the servers and pages of a run have told is in it, by its name and its type;
//! and names of the conventions are spelled and called stable as the conventions have it.

mod check;
mod document;
mod official;

use std::fs::File;
use std::io::{BufRead, BufReader};

use anyhow::{Context, Result, ensure};
use expect_test::expect;
use serde_json::{Value, json};
use throughline_e2e::record;

use self::check::Check;
use self::document::Document;

/// Runs after all other tests, over what these have recorded.
#[test]
fn everything_that_a_run_tells_is_documented_by_name_and_type_and_holds_no_secret() -> Result<()> {
    let path = record::path();
    let path = path.context("E2E_TELEMETRY is not set: `cargo xtask e2e` records and checks")?;
    let lines = BufReader::new(File::open(&path).with_context(|| path.display().to_string())?);
    let document = Document::read()?;
    let mut check = Check::new(&document);
    for line in lines.lines() {
        let line = line?;
        check.secrets(&line);
        check.export(&serde_json::from_str(&line)?);
    }
    check.cardinality();
    println!("documented, but not seen: {}", check.unseen().join(", "));
    ensure!(check.items > 0, "nothing is recorded");
    ensure!(check.faults.is_empty(), "{:#?}", check.faults);
    println!("{} items are as documented", check.items);
    Ok(())
}

#[test]
fn names_are_spelled_and_called_stable_as_the_conventions_have_it() -> Result<()> {
    let faults = official::faults(&Document::read()?)?;
    ensure!(faults.is_empty(), "{faults:#?}");
    Ok(())
}

#[test]
fn what_is_not_as_documented_is_found() -> Result<()> {
    let document = Document::read()?;
    let mut check = Check::new(&document);
    let text = |key: &str, value: &str| json!({"key": key, "value": {"stringValue": value}});
    let exports: [Value; 3] = [
        json!({"resourceSpans": [{"resource": {"attributes": [text("service.nam", "x")]}, "scopeSpans": [{
            "scope": {"name": "throughline.sqlx"}, "spans": [
                {"name": "SELECT users", "kind": 2},
                {"name": "SELECT users", "kind": 3, "attributes": [text("db.response.returned_rows", "3")],
                    "events": [{"name": "thrown"}]}]}]}]}),
        json!({"resourceLogs": [{"scopeLogs": [{"scope": {"name": "x"}, "logRecords": [
            {"eventName": "session.begin", "attributes": [text("http.url", "x")]}]}]}]}),
        json!({"resourceMetrics": [{"scopeMetrics": [{"metrics": [
            {"name": "rag_admin.sign_ins", "unit": "1", "gauge": {"dataPoints":
                (0..100).map(|it| json!({"attributes": [text("method", &it.to_string())]})).collect::<Value>()}},
            {"name": "rag_admin.sessions.active", "unit": "{session}", "gauge": {"dataPoints": [
                {"attributes": [text("user.id", "x")]}]}}]}]}]}),
    ];
    for export in &exports {
        check.export(export);
    }
    check.cardinality();
    check.secrets(r#"{"cookie":"JnKVQmPZ2rT0a9XyWq3fLs8HdUe1bCo5gVi7MkNtRzE"}"#);
    check.secrets(r#"{"password":"correct horse battery staple"}"#);
    let faults: Vec<_> = check.faults.keys().map(String::as_str).collect();
    expect![[r#"
        "correct horse battery staple" is told
        db.response.returned_rows of span "SELECT users" is a string
        event "session.begin"
        event "thrown"
        http.url of event "session.begin"
        metric "rag_admin.sessions.active" with user.id
        metric "rag_admin.sign_ins" has too many sets of attributes
        metric "rag_admin.sign_ins" is a gauge of "1"
        service.nam of the resource
        span "SELECT users" SERVER of throughline.sqlx
        what looks like a token is told"#]]
    .assert_eq(&faults.join("\n"));
    Ok(())
}
