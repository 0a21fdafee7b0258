//! A click that fetches and then leaves the page: the moment in which telemetry gets lost.

use std::time::Duration;

use anyhow::{Result, ensure};
use expect_test::expect;
use throughline_e2e::{Browser, Drive, Lab, until};

const RUNS: usize = 10;

#[tokio::test]
async fn a_fetch_before_a_navigation_arrives_every_time() -> Result<()> {
    let (lab, browser) = (Lab::start().await?, Browser::start().await?);
    loses_nothing(&browser, &lab).await
}

/// In any browser.
pub(crate) async fn loses_nothing(browser: &impl Drive, lab: &Lab) -> Result<()> {
    for run in 0..RUNS {
        browser.goto(&lab.url(&format!("/?run={run}"))).await?;
        browser.click("#leave").await?;
        browser.appears("#arrived").await?;
    }
    let traces = until("every trace", Duration::from_secs(10), async || {
        let traces = lab.traces().all("name=click leave").await?;
        let spans: usize = traces.iter().map(|it| it.0.len()).sum();
        ensure!(
            spans == RUNS * 2,
            "{spans} spans of {RUNS} clicks and {RUNS} fetches"
        );
        Ok(traces)
    })
    .await?;
    for trace in traces {
        expect![[r#"
            click leave [throughline-lab INTERNAL Unset]
              GET [throughline-lab CLIENT Unset] http.request.method=GET http.response.status_code=200
        "#]]
        .assert_eq(&trace.tree());
    }
    Ok(())
}
