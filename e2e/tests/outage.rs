//! The collector is down for a minute, and the page is loaded anew meanwhile: nothing is lost, and nothing comes twice.

use std::collections::HashSet;
use std::time::Duration;

use anyhow::{Result, ensure};
use throughline_e2e::{Browser, Receiver, until};

/// One root and ten fetches.
const SPANS_OF_A_CLICK: usize = 11;
const OUTAGE: Duration = Duration::from_secs(60);
/// The longest pause between two attempts is 30 s.
const BACK_WITHIN: Duration = Duration::from_secs(45);

#[tokio::test]
async fn what_cannot_be_sent_survives_a_reload_and_arrives_once() -> Result<()> {
    let (page, mut collector) = (Receiver::with_lab().await?, Receiver::with_lab().await?);
    let browser = Browser::start().await?;
    let address = page.url(&format!("/?collector={}", collector.url("")));

    browser.goto(&address).await?;
    click(&browser).await?;
    arrived(&collector, 1).await?;

    collector.stop().await?;
    let began = tokio::time::Instant::now();
    click(&browser).await?;
    click(&browser).await?;
    // The first failure is known: from now on the browser keeps what there is.
    stored(&browser).await?;
    click(&browser).await?;
    browser.goto(&address).await?;
    click(&browser).await?;
    tokio::time::sleep_until(began + OUTAGE).await;

    collector.start().await?;
    let spans = arrived(&collector, 5).await?;
    let ids: HashSet<_> = spans.iter().collect();
    ensure!(ids.len() == spans.len(), "some arrived twice");
    until("an empty queue", BACK_WITHIN, async || {
        let account = account(&browser).await?;
        ensure!(
            account.contains("waiting=0 dropped=0 balances=true"),
            "{account}"
        );
        Ok(())
    })
    .await?;
    // Nothing came after the last that was expected.
    ensure!(
        arrived(&collector, 5).await? == spans,
        "some arrived twice, later"
    );
    Ok(())
}

/// Clicks, and waits until its ten fetches were answered.
async fn click(browser: &Browser) -> Result<()> {
    let answered =
        "performance.getEntriesByType('resource').filter(it => it.name.includes('/echo')).length";
    let before = browser.eval(answered).await?.as_u64().unwrap_or_default();
    browser.click("#spawn").await?;
    until("ten answers", Duration::from_secs(10), async || {
        let now = browser.eval(answered).await?.as_u64().unwrap_or_default();
        ensure!(now >= before + 10, "{now}");
        Ok(())
    })
    .await
}

async fn account(browser: &Browser) -> Result<String> {
    let text = browser
        .eval("document.querySelector('#account').textContent")
        .await?;
    Ok(text.as_str().unwrap_or_default().to_owned())
}

async fn stored(browser: &Browser) -> Result<()> {
    let count = "new Promise(done => indexedDB.open('throughline').onsuccess = it => \
        it.target.result.transaction('batches').objectStore('batches').count().onsuccess = it => done(it.target.result))";
    until("something stored", Duration::from_secs(20), async || {
        let count = browser.eval(count).await?;
        ensure!(count.as_u64() > Some(0), "{count}");
        Ok(())
    })
    .await
}

/// The ids of the clicks' spans, once all are there.
async fn arrived(collector: &Receiver, clicks: usize) -> Result<Vec<Vec<u8>>> {
    until("every span", BACK_WITHIN, async || {
        let spans = collector.spans().into_iter();
        let of_clicks = spans.filter(|it| it.name == "click spawn" || it.name == "GET");
        let ids: Vec<_> = of_clicks.map(|it| it.span_id).collect();
        let expected = clicks * SPANS_OF_A_CLICK;
        ensure!(ids.len() == expected, "{} of {expected} spans", ids.len());
        Ok(ids)
    })
    .await
}
