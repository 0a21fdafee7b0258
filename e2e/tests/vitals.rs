//! The web vitals of a page that a person uses: only a real click has an INP.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use throughline_e2e::{Browser, Receiver, receiver::text, until};

const NAME: &str = "browser.web_vital.name";
const VALUE: &str = "browser.web_vital.value";

/// How long the lab's slow handler keeps the page from painting, in milliseconds.
const BUSY_MILLIS: f64 = 160.0;

#[tokio::test]
async fn a_page_that_is_left_has_told_all_its_vitals_and_a_slow_click_is_its_inp() -> Result<()> {
    let (receiver, browser) = (Receiver::with_lab().await?, Browser::start().await?);
    browser.goto(&receiver.url("/")).await?;
    until("the first paint", Duration::from_secs(10), async || {
        let paints = "performance.getEntriesByName('first-contentful-paint').length";
        ensure!(browser.eval(paints).await? == 1, "nothing is painted");
        Ok(())
    })
    .await?;
    browser.click("#slow").await?;
    until("the answer", Duration::from_secs(10), async || {
        let answer = browser.element("#answer").await?.text().await?;
        ensure!(answer == "answered", "it says {answer:?}");
        Ok(())
    })
    .await?;
    // The browser tells of an interaction after the paint that it ends with.
    let painted =
        "new Promise(done => requestAnimationFrame(() => setTimeout(() => done(true), 100)))";
    browser.eval(painted).await?;
    browser.goto("about:blank").await?;

    let vitals = until("all vitals", Duration::from_secs(10), async || {
        let logs = receiver.logs().into_iter();
        let vitals: Vec<_> = logs
            .filter(|it| it.event_name == "browser.web_vital")
            .collect();
        for name in ["ttfb", "fcp", "lcp", "cls", "inp"] {
            let of_name = vitals
                .iter()
                .filter(|it| text(&it.attributes, NAME) == Some(name));
            let count = of_name.count();
            ensure!(count == 1, "{count} of {name}");
        }
        Ok(vitals)
    })
    .await?;

    let value = |name| value(&vitals, name);
    ensure!(value("inp")? >= BUSY_MILLIS, "INP {}", value("inp")?);
    ensure!(value("inp")? < 60.0 * BUSY_MILLIS, "INP {}", value("inp")?);
    ensure!(
        value("ttfb")? <= value("fcp")?,
        "painted before the first byte"
    );
    ensure!(
        value("fcp")? <= value("lcp")?,
        "the largest paint came before the first"
    );
    ensure!(value("cls")? >= 0.0, "CLS {}", value("cls")?);

    let spans = receiver.spans();
    let load = spans.iter().find(|it| it.name == "documentLoad");
    let load = load.context("no documentLoad")?;
    let is_of_load = |it: &LogRecord| it.trace_id == load.trace_id;
    ensure!(
        vitals.iter().all(is_of_load),
        "in another trace than the load"
    );
    Ok(())
}

fn value(vitals: &[LogRecord], name: &str) -> Result<f64> {
    let vital = vitals
        .iter()
        .find(|it| text(&it.attributes, NAME) == Some(name));
    let value = vital.and_then(|it| it.attributes.iter().find(|it| it.key == VALUE));
    match value.and_then(|it| it.value.as_ref()?.value.as_ref()) {
        Some(Value::DoubleValue(value)) => Ok(*value),
        other => anyhow::bail!("{name} is {other:?}"),
    }
}
