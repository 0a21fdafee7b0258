//! A page whose module panics, and is left at once: nothing lives to tell of it later.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use throughline_e2e::{Browser, Receiver, receiver::text, until};

const FATAL: i32 = 21;

#[tokio::test]
async fn a_panic_arrives_with_its_stack_and_its_whole_trace_although_the_page_is_left() -> Result<()>
{
    let (receiver, browser) = (Receiver::with_lab().await?, Browser::start().await?);
    browser.goto(&receiver.url("/")).await?;
    browser.click("#panic").await?;
    until("the panic", Duration::from_secs(10), async || {
        let console = browser.console().await?.join("\n");
        ensure!(console.contains("the lab was asked to"), "so far {console}");
        Ok(())
    })
    .await?;
    browser.goto("about:blank").await?;
    let (panic, spans) = until("its log record", Duration::from_secs(10), async || {
        let logs = receiver.logs().into_iter();
        let panics: Vec<_> = logs.filter(|it| it.event_name == "exception").collect();
        let [panic] = panics.as_slice() else {
            anyhow::bail!("{} exceptions", panics.len());
        };
        let spans = receiver.spans().into_iter();
        let spans: Vec<_> = spans.filter(|it| it.trace_id == panic.trace_id).collect();
        ensure!(spans.len() == 2, "{} spans", spans.len());
        Ok((panic.clone(), spans))
    })
    .await?;

    ensure!(panic.severity_number == FATAL, "{panic:?}");
    let message = text(&panic.attributes, "exception.message");
    ensure!(message == Some("the lab was asked to panic"), "{panic:?}");
    let file = text(&panic.attributes, "code.file.path").unwrap_or_default();
    ensure!(file.ends_with("panic.rs"), "{panic:?}");
    let stack = text(&panic.attributes, "exception.stacktrace").context("no stack")?;
    ensure!(
        stack.contains("wasm-function[") && stack.contains("]:0x"),
        "{stack}"
    );
    let root = spans.iter().find(|it| it.parent_span_id.is_empty());
    let root = root.context("the root is missing")?;
    ensure!(
        root.name == "click panic" && root.span_id == panic.span_id,
        "{spans:?}"
    );
    Ok(())
}
