//! What a person sees of a trace, and that the pages need no exception from their own rules.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use throughline_e2e::{Browser, Server, until};

use crate::page;

#[tokio::test]
async fn the_viewer_shows_a_sign_in_within_two_seconds_of_the_export() -> Result<()> {
    let (server, browser) = (Server::start().await?, Browser::start().await?);
    page::open(&browser, &server.url("/")).await?;
    browser.click("#sign-in").await?;
    page::signed_in(&browser).await?;
    let link = format!("/telemetry/traces/{}", page::trace_id(&browser).await?);

    let (app, viewer) = (
        browser.window().await?,
        browser.new_window(true).await?.handle,
    );
    browser.switch_to_window(viewer).await?;
    browser.goto(&server.url(&link)).await?;
    until(
        "every span in the viewer",
        Duration::from_secs(30),
        async || {
            let rows = page::rows(&browser).await?;
            for name in ["click sign-in", "bcrypt.verify", "INSERT refresh_tokens"] {
                ensure!(
                    rows.iter().any(|it| it.contains(name)),
                    "no row {name} in {rows:?}"
                );
            }
            Ok(())
        },
    )
    .await?;
    let visible = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs_f64() * 1000.0;

    browser.switch_to_window(app).await?;
    // The root comes with the last export, so that nothing else can have made it visible.
    let after = visible - page::exported_at(&browser).await?;
    ensure!(
        (0.0..2000.0).contains(&after),
        "visible {after} ms after the export"
    );
    println!("visible {after:.0} ms after the export");
    Ok(())
}

#[tokio::test]
async fn the_page_breaks_no_rule_of_its_own_content_security_policy() -> Result<()> {
    let (server, browser) = (Server::start().await?, Browser::start().await?);
    page::open(&browser, &server.url("/")).await?;
    browser.click("#sign-in").await?;
    page::signed_in(&browser).await?;
    let id = page::trace_id(&browser).await?;
    browser
        .goto(&server.url(&format!("/telemetry/traces/{id}")))
        .await?;
    browser.element("[role=treegrid]").await?;
    let mut errors = browser.console().await?;
    errors.retain(|it| it.starts_with("SEVERE"));
    // Who is signed in? Nobody yet: the browser notes every 401 as an error.
    errors.retain(|it| !(it.contains("/api/v1/auth/me") && it.contains("401")));
    ensure!(errors.is_empty(), "the console shows {errors:#?}");
    for path in ["/", "/telemetry/"] {
        let response = reqwest::get(server.url(path)).await?;
        let policy = response
            .headers()
            .get("content-security-policy")
            .context("no policy")?;
        let policy = policy.to_str()?;
        ensure!(policy.contains("default-src 'self'"), "{path}: {policy}");
        ensure!(!policy.contains("unsafe-inline"), "{path}: {policy}");
    }
    Ok(())
}
