//! Who may see traces, and what is never in them.

use anyhow::{Context, Result, ensure};
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::{Client, StatusCode, redirect};
use throughline_e2e::{Browser, DEMO_EMAIL, DEMO_PASSWORD, Server, TOKEN};

use crate::sign_in::sign_in_by_click;

#[tokio::test]
async fn the_viewer_opens_to_the_token_only_and_hands_out_a_session_for_it() -> Result<()> {
    let server = Server::start().await?;
    let http = Client::builder()
        .redirect(redirect::Policy::none())
        .build()?;
    let api = server.url("/telemetry/api/traces");
    let status =
        async |request: reqwest::RequestBuilder| anyhow::Ok(request.send().await?.status());

    assert_eq!(status(http.get(&api)).await?, StatusCode::UNAUTHORIZED);
    assert_eq!(
        status(http.get(&api).bearer_auth("a guess")).await?,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        status(http.get(&api).bearer_auth(TOKEN)).await?,
        StatusCode::OK
    );

    let wrong = http
        .get(server.url("/telemetry/?token=a-guess"))
        .send()
        .await?;
    ensure!(
        wrong.headers().get(SET_COOKIE).is_none(),
        "a cookie for a wrong token"
    );

    let answer = http
        .get(server.url(&format!("/telemetry/?token={TOKEN}")))
        .send()
        .await?;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    let clean = answer
        .headers()
        .get(LOCATION)
        .context("no location")?
        .to_str()?;
    ensure!(!clean.contains("token"), "redirected to {clean}");
    let cookie = answer
        .headers()
        .get(SET_COOKIE)
        .context("no cookie")?
        .to_str()?;
    ensure!(
        !cookie.contains(TOKEN),
        "the cookie holds the token: {cookie}"
    );
    ensure!(
        cookie.contains("HttpOnly"),
        "scripts can read the cookie: {cookie}"
    );
    let session = cookie.split(';').next().context("no cookie")?;
    assert_eq!(
        status(http.get(&api).header(COOKIE, session)).await?,
        StatusCode::OK
    );
    Ok(())
}

#[tokio::test]
async fn traces_hold_no_secret_and_nothing_of_the_telemetry_itself() -> Result<()> {
    let (server, browser) = (Server::start().await?, Browser::start().await?);
    // A token in the address of the page must not reach the attributes of its spans.
    let page = server.url("/?token=from-a-mail&tab=1");
    let trace = sign_in_by_click(&browser, &server, &page).await?;
    browser
        .goto(&server.url(&format!("/telemetry/traces/{}", trace.0[0].trace_id)))
        .await?;
    browser.element("[role=treegrid]").await?;

    let traces = server.traces().all("").await?;
    ensure!(
        traces
            .iter()
            .any(|it| it.span("POST /api/v1/auth/signin").is_ok()),
        "no sign-in"
    );
    for span in traces.iter().flat_map(|it| &it.0) {
        let text = format!("{span:?}");
        for secret in [DEMO_PASSWORD, DEMO_EMAIL, TOKEN, "from-a-mail"] {
            ensure!(!text.contains(secret), "{secret} is in {text}");
        }
        for path in ["/v1/traces", "/telemetry/api", "/readyz"] {
            let url = [span.attribute("url.full"), span.attribute("url.path")].concat();
            ensure!(
                !url.contains(path) && !span.name.contains(path),
                "{path} is traced: {text}"
            );
        }
    }
    Ok(())
}
