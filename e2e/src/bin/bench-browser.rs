//! Runs the benchmark page in Chromium, prints what it measured, and fails if a bar does not hold: `cargo xtask bench browser`.

use std::net::Ipv4Addr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use axum::Router;
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::map_response;
use axum::response::Response;
use serde_json::Value;
use throughline_e2e::{Browser, until};
use tokio::net::TcpListener;
use tower_http::services::ServeDir;

const READY_WITHIN: Duration = Duration::from_secs(300);

/// Our time over theirs is less than this.
const TIME_BAR: f64 = 0.5;
/// Our bytes over theirs are not more than this, gzipped.
const BYTES_BAR: f64 = 1.0;

#[tokio::main]
async fn main() -> Result<()> {
    let folder = std::env::args_os().nth(1).context("bench-browser FOLDER")?;
    let origin = serve(folder.as_ref()).await?;
    let browser = Browser::start().await?;
    browser.goto(&origin).await?;
    let result = until("the benchmark", READY_WITHIN, async || {
        let result = browser.eval("window.result").await?;
        ensure!(!result.is_null(), "{:?}", browser.console().await?);
        Ok(result)
    })
    .await?;
    if let Some(error) = result["error"].as_str() {
        bail!("the page failed: {error}");
    }
    if !print(&result)? {
        bail!("a bar does not hold");
    }
    Ok(())
}

/// Serves the page with the two headers that give it a clock of 5 µs instead of 100 µs.
async fn serve(folder: &Path) -> Result<String> {
    let isolated = async |mut response: Response| {
        for (name, value) in [
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-embedder-policy", "require-corp"),
        ] {
            let value = HeaderValue::from_static(value);
            response
                .headers_mut()
                .insert(HeaderName::from_static(name), value);
        }
        response
    };
    let app = Router::new()
        .fallback_service(ServeDir::new(folder))
        .layer(map_response(isolated));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let origin = format!("http://{}/", listener.local_addr()?);
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok(origin)
}

/// The table; whether all bars hold.
fn print(result: &Value) -> Result<bool> {
    let number = |pointer: &str| {
        let value = result.pointer(pointer).and_then(Value::as_f64);
        value.with_context(|| format!("no {pointer} in {result}"))
    };
    println!(
        "\nmedians of {} rounds in one page, in turns\n{:<52}{:>12}{:>12}{:>8}",
        number("/rounds")?,
        "",
        "ours",
        "otel-js",
        "ratio"
    );
    let (ours, protobuf, json) = (
        "/encodeOursMicros",
        "/encodeProtobufMicros",
        "/encodeJsonMicros",
    );
    let (sent, zipped) = ("/bytesOurs/raw", "/bytesOurs/gzip");
    let rows = [
        (
            "create and end a span of 5 attributes, µs",
            "/createOursMicros",
            "/createTheirsMicros",
            Some(TIME_BAR),
        ),
        (
            "the same for the first 500 spans of a page, µs",
            "/firstOursMicros",
            "/firstTheirsMicros",
            None,
        ),
        (
            "encode 512 fetches, against protobuf, µs",
            ours,
            protobuf,
            Some(TIME_BAR),
        ),
        (
            "encode 512 fetches, against JSON, µs",
            ours,
            json,
            Some(TIME_BAR),
        ),
        (
            "bytes of 512 fetches, against protobuf",
            sent,
            "/bytesProtobuf/raw",
            None,
        ),
        (
            "bytes of 512 fetches, against JSON",
            sent,
            "/bytesJson/raw",
            None,
        ),
        (
            "the same gzipped, against protobuf",
            zipped,
            "/bytesProtobuf/gzip",
            Some(BYTES_BAR),
        ),
        (
            "the same gzipped, against JSON",
            zipped,
            "/bytesJson/gzip",
            Some(BYTES_BAR),
        ),
        (
            "the same gzipped, against protobuf in one request",
            zipped,
            "/bytesAtOnce/gzip",
            None,
        ),
    ];
    let mut all_hold = true;
    for (name, ours, theirs, bar) in rows {
        let (ours, theirs) = (number(ours)?, number(theirs)?);
        let ratio = ours / theirs;
        let holds = bar.is_none_or(|bar| ratio <= bar);
        all_hold &= holds;
        let verdict = match bar {
            Some(bar) if holds => format!("  the bar of {bar:.1} holds"),
            Some(bar) => format!("  the bar of {bar:.1} is exceeded"),
            None => String::new(),
        };
        println!("{name:<52}{ours:>12.2}{theirs:>12.2}{ratio:>8.2}{verdict}");
    }
    println!(
        "(ours: from the end of the spans to `fetch`, as the page is left; theirs: the serializer alone. Bytes: the same \
         spans in the same {} requests, which fit the quota of keepalive)\n",
        number("/requests")?
    );
    Ok(all_hold)
}
