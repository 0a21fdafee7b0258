//! A text is uploaded, indexed while the page waits for it, and found; and one trace holds what the upload has caused, in
//! the request and after it.

use std::io::Write;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tempfile::{Builder, NamedTempFile};
use throughline_e2e::{Browser, Drive, Server, Span, Trace, until};

use crate::page;

const WITHIN: Duration = Duration::from_secs(15);

#[tokio::test]
async fn an_upload_is_indexed_and_found_in_one_trace_from_the_click_to_the_passages() -> Result<()>
{
    let (server, browser) = (Server::start().await?, Browser::start().await?);
    // Signing in leads to the page whose address was opened.
    page::open(&browser, &server.url("/documents")).await?;
    browser.click("#sign-in").await?;
    page::signed_in(&browser).await?;
    browser.appears("#upload-document").await?;
    browser.eval("void (window.isTheSamePage = true)").await?;

    let file = text("The observatory on the hill counts meteors.\n\nNothing else happens there.")?;
    let path = file.path().to_str().context("a path in UTF-8")?;
    let input = browser.element("#document-file").await?;
    input.send_keys(path).await?;
    browser.click("#upload-document").await?;
    let is = "document.querySelector('#documents .state-indexed')?.innerText ?? ''";
    reads(&browser, is, "indexed").await?;
    assert_eq!(browser.eval("window.isTheSamePage").await?, true);
    let upload = last_trace(&browser, &server, "INSERT passages").await?;
    let insert = beginning(&upload, "INSERT passages")?.name.clone();

    browser.fill("#search-query", "METEORS hill").await?;
    browser.click("#search-documents").await?;
    let found = "[...document.querySelectorAll('#hits mark')].map(it => it.innerText).join()";
    reads(&browser, found, "hill,meteors").await?;
    let search = last_trace(&browser, &server, "search_documents").await?;

    descends(
        &upload,
        &[
            "click upload-document",
            "POST",
            "POST /api/v1/documents",
            "index_document",
            &insert,
        ],
    )?;
    ensure!(
        upload.span("GET").is_err(),
        "what the page asks by itself is part of the click:\n{}",
        upload.tree()
    );
    descends(
        &search,
        &[
            "click search-documents",
            "POST",
            "POST /api/v1/documents/search",
            "search_documents",
        ],
    )
}

#[tokio::test]
async fn a_session_that_has_expired_is_renewed_and_the_click_still_does_its_work() -> Result<()> {
    let (server, browser) = (Server::start().await?, Browser::start().await?);
    page::open(&browser, &server.url("/documents")).await?;
    browser.click("#sign-in").await?;
    page::signed_in(&browser).await?;
    browser.appears("#search-query").await?;
    // As the browser does a quarter of an hour after the last renewal.
    browser.delete_cookie("rag_admin_access").await?;

    browser.fill("#search-query", "anything").await?;
    browser.click("#search-documents").await?;
    let trace = last_trace(&browser, &server, "search_documents").await?;
    trace.span("POST /api/v1/auth/refresh").map(drop)
}

fn text(content: &str) -> Result<NamedTempFile> {
    let mut file = Builder::new().suffix(".txt").tempfile()?;
    file.write_all(content.as_bytes())?;
    Ok(file)
}

/// Waits until an expression in the page has a value.
async fn reads(browser: &Browser, expression: &str, expected: &str) -> Result<()> {
    until(expected, WITHIN, async || {
        let value = browser.eval(expression).await?;
        ensure!(value == expected, "it is {value}");
        Ok(())
    })
    .await
}

/// The trace that the page links to, once it holds its root, and a span whose name begins with `span`.
async fn last_trace(browser: &Browser, server: &Server, span: &str) -> Result<Trace> {
    let link = "document.querySelector('#last-trace').getAttribute('href')";
    let link = browser.eval(link).await?;
    let id = link.as_str().and_then(|it| it.rsplit('/').next());
    let id = id.context("no link to a trace")?;
    until("the trace", Duration::from_secs(45), async || {
        let trace = server.traces().trace(id).await?;
        beginning(&trace, span)?;
        ensure!(trace.roots().count() == 1, "no root:\n{}", trace.tree());
        Ok(trace)
    })
    .await
}

/// The span whose name begins so: the summary of a query goes on with what else the query names.
fn beginning<'a>(trace: &'a Trace, name: &str) -> Result<&'a Span> {
    let span = trace.0.iter().find(|it| it.name.starts_with(name));
    span.with_context(|| format!("no span {name} in\n{}", trace.tree()))
}

/// Each of these spans is the parent of the next, the first is the root, and none failed.
fn descends(trace: &Trace, names: &[&str]) -> Result<()> {
    let mut parent = None;
    for name in names {
        let span = trace.span(name)?;
        ensure!(
            span.parent == parent && span.status == "Unset",
            "{name} is not the good child of the one before:\n{}",
            trace.tree()
        );
        parent = Some(span.span_id.clone());
    }
    Ok(())
}
