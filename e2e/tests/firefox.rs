//! Firefox gives the traces that Chromium gives.

use anyhow::{Result, ensure};
use throughline_e2e::{Firefox, Lab, Server};

use crate::{navigation, sign_in};

#[tokio::test]
async fn sign_in_in_firefox_gives_one_trace_from_click_to_row() -> Result<()> {
    let (server, browser) = (Server::start().await?, Firefox::start().await?);
    sign_in::is_one_trace_by_click(&browser, &server).await?;
    let console = browser.console().await?;
    ensure!(console.is_empty(), "the console shows {console:#?}");
    Ok(())
}

#[tokio::test]
async fn a_form_sent_by_enter_in_firefox_has_one_root_of_its_own() -> Result<()> {
    let (server, browser) = (Server::start().await?, Firefox::start().await?);
    sign_in::is_one_trace_by_enter(&browser, &server).await
}

#[tokio::test]
async fn a_fetch_before_a_navigation_in_firefox_arrives_every_time() -> Result<()> {
    let (lab, browser) = (Lab::start().await?, Firefox::start().await?);
    navigation::loses_nothing(&browser, &lab).await
}
