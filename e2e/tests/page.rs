//! RAG Admin's page, as a person uses it.

use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;
use throughline_e2e::{Browser, DEMO_EMAIL, DEMO_PASSWORD, Drive, until};

/// Opens the page and fills in the demo administrator's name and password.
pub(crate) async fn open(browser: &impl Drive, url: &str) -> Result<()> {
    browser.goto(url).await?;
    fill(browser, DEMO_EMAIL, DEMO_PASSWORD).await
}

pub(crate) async fn fill(browser: &impl Drive, email: &str, password: &str) -> Result<()> {
    browser.fill("#email", email).await?;
    browser.fill("#password", password).await
}

/// Waits until the form is gone: the person is signed in.
pub(crate) async fn signed_in(browser: &impl Drive) -> Result<()> {
    until("the signed-in page", Duration::from_secs(15), async || {
        let form = browser.eval("!!document.querySelector('#sign-in')").await?;
        anyhow::ensure!(form == false, "the form is still there");
        Ok(())
    })
    .await
}

/// What the page tells the person who could not sign in, once it is something else than `before`.
pub(crate) async fn alert(browser: &Browser, before: &str) -> Result<String> {
    until("a message", Duration::from_secs(15), async || {
        let text = browser.element("[role=alert]").await?.text().await?;
        anyhow::ensure!(!text.is_empty() && text != before, "it says {text:?}");
        Ok(text)
    })
    .await
}

/// The trace id of the newest sign-in answer, from its `Server-Timing` header: what the page itself can know.
pub(crate) async fn trace_id(browser: &impl Drive) -> Result<String> {
    let timing = "performance.getEntriesByType('resource')
        .filter(it => it.name.endsWith('/api/v1/auth/signin') && it.responseEnd > 0).at(-1)
        ?.serverTiming.find(it => it.name === 'trace')?.description ?? null";
    until(
        "the answer's Server-Timing",
        Duration::from_secs(15),
        async || {
            let trace_parent = browser.eval(timing).await?;
            let trace_parent = trace_parent.as_str().context("no Server-Timing")?;
            Ok(trace_parent
                .split('-')
                .nth(1)
                .context("not a traceparent")?
                .to_owned())
        },
    )
    .await
}

/// When the page's newest export was acknowledged, in milliseconds of Unix time.
pub(crate) async fn exported_at(browser: &Browser) -> Result<f64> {
    let exports = "performance.getEntriesByType('resource')
        .filter(it => it.name.endsWith('/v1/traces') && it.responseEnd > 0)
        .map(it => performance.timeOrigin + it.responseEnd)";
    let exports = browser.eval(exports).await?;
    let newest = exports
        .as_array()
        .and_then(|it| it.last())
        .and_then(Value::as_f64);
    newest.context("nothing was exported")
}

/// The rows of the viewer's waterfall, as text.
pub(crate) async fn rows(browser: &Browser) -> Result<Vec<String>> {
    let rows =
        "[...document.querySelectorAll('[role=treegrid] [role=row]')].map(it => it.innerText)";
    let rows = browser.eval(rows).await?;
    let rows = rows.as_array().context("no rows")?.iter();
    Ok(rows
        .filter_map(|it| it.as_str().map(str::to_owned))
        .collect())
}
