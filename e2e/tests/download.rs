//! A response of 1 GB that the page streams: the client keeps nothing of it.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use throughline_e2e::{Browser, Receiver, receiver::DOWNLOAD_BYTES, until};

const MAX_ADDED_BYTES: u64 = 5 * 1024 * 1024;

#[tokio::test]
async fn a_gigabyte_that_is_streamed_costs_no_memory() -> Result<()> {
    let (receiver, browser) = (Receiver::with_lab().await?, Browser::start().await?);
    // Once by the browser's own fetch (a frame has one), once by ours: what ours costs is the difference.
    let frame = "document.body.appendChild(document.createElement('iframe')).contentWindow";
    let plain = halfway(&browser, &receiver, &format!("{frame}.fetch")).await?;
    let traced = halfway(&browser, &receiver, &format!("({frame}, window.fetch)")).await?;
    println!("halfway the page takes {plain} bytes by the browser's fetch, {traced} by ours");
    let added = traced.saturating_sub(plain);
    ensure!(
        added < MAX_ADDED_BYTES,
        "{added} bytes more than without us"
    );

    until(
        "the span of the download",
        Duration::from_secs(15),
        async || {
            let spans = receiver.spans();
            let span = spans
                .iter()
                .find(|it| it.name == "GET")
                .context("no span")?;
            let millis = (span.end_time_unix_nano - span.start_time_unix_nano) / 1_000_000;
            // It ended with the headers, not with the body.
            ensure!(millis < 1000, "{millis} ms");
            Ok(())
        },
    )
    .await
}

/// Streams the download, and tells what the page takes when half of it is read. Then reads the rest.
async fn halfway(browser: &Browser, receiver: &Receiver, fetch: &str) -> Result<u64> {
    browser.goto(&receiver.url("/")).await?;
    browser.element("#spawn").await?;
    let script = format!(
        "(window.read = 0, ({fetch})('/download').then(async it => {{
            const reader = it.body.getReader();
            for (;;) {{
                const {{done, value}} = await reader.read();
                if (done) break;
                window.read += value.length;
            }}
        }}), 0)"
    );
    browser.eval(&script).await?;
    // The server holds the other half back: the browser has nothing that the page has not read.
    read(browser, DOWNLOAD_BYTES / 2).await?;
    let bytes = browser.heap_bytes().await?;
    receiver.go_on();
    read(browser, DOWNLOAD_BYTES).await?;
    Ok(bytes)
}

async fn read(browser: &Browser, bytes: usize) -> Result<()> {
    until("the download", Duration::from_secs(120), async || {
        let read = browser.eval("window.read").await?.as_u64();
        ensure!(read >= Some(bytes as u64), "{read:?} of {bytes}");
        Ok(())
    })
    .await
}
