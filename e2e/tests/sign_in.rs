//! A sign-in is one trace, from the click to the row.

use anyhow::{Result, ensure};
use expect_test::{Expect, expect};
use fantoccini::key::Key;
use throughline_e2e::{Browser, Drive, Server, Trace};

use crate::page;

const SPANS: usize = 8;

/// What a click on "Sign in" gives, wherever the page comes from.
pub(crate) fn tree() -> Expect {
    expect![[r#"
        click sign-in [rag-admin-frontend INTERNAL Unset]
          POST [rag-admin-frontend CLIENT Unset] http.request.method=POST http.response.status_code=200
            POST /api/v1/auth/signin [rag-admin-backend SERVER Unset] http.request.method=POST http.response.status_code=200 http.route=/api/v1/auth/signin
              authenticate_user [rag-admin-backend INTERNAL Unset] auth.method=email_password auth.success=true
                SELECT users [rag-admin-backend CLIENT Unset] db.collection.name=users db.operation.name=SELECT db.system.name=sqlite
                verify_password [rag-admin-backend INTERNAL Unset] auth.password_valid=true crypto.algorithm=bcrypt
                  bcrypt.verify [rag-admin-backend INTERNAL Unset]
                INSERT refresh_tokens [rag-admin-backend CLIENT Unset] db.collection.name=refresh_tokens db.operation.name=INSERT db.system.name=sqlite
    "#]]
}

#[tokio::test]
async fn sign_in_gives_one_trace_from_click_to_row() -> Result<()> {
    let (server, browser) = (Server::start().await?, Browser::start().await?);
    is_one_trace_by_click(&browser, &server).await
}

#[tokio::test]
async fn a_form_sent_by_enter_has_one_root_of_its_own() -> Result<()> {
    let (server, browser) = (Server::start().await?, Browser::start().await?);
    is_one_trace_by_enter(&browser, &server).await
}

#[tokio::test]
async fn two_tabs_at_once_do_not_mix() -> Result<()> {
    let (server, browser) = (Server::start().await?, Browser::start().await?);
    let first = browser.window().await?;
    page::open(&browser, &server.url("/")).await?;
    let second = browser.new_window(false).await?.handle;
    browser.switch_to_window(second.clone()).await?;
    page::open(&browser, &server.url("/")).await?;

    browser.click("#sign-in").await?;
    browser.switch_to_window(first.clone()).await?;
    browser.click("#sign-in").await?;

    let mut traces = Vec::new();
    for window in [first, second] {
        browser.switch_to_window(window).await?;
        page::signed_in(&browser).await?;
        let id = page::trace_id(&browser).await?;
        traces.push(server.traces().complete(&id, SPANS).await?);
    }
    for trace in &traces {
        tree().assert_eq(&trace.tree());
    }
    let [one, other] = [&traces[0].0[0], &traces[1].0[0]];
    ensure!(one.trace_id != other.trace_id, "both tabs are in one trace");
    ensure!(
        one.start_nanos < other.end_nanos && other.start_nanos < one.end_nanos,
        "the sign-ins were not at once: this test shows nothing"
    );
    Ok(())
}

/// In any browser.
pub(crate) async fn is_one_trace_by_click(browser: &impl Drive, server: &Server) -> Result<()> {
    let trace = sign_in_by_click(browser, server, &server.url("/")).await?;
    tree().assert_eq(&trace.tree());
    ensure!(trace.0.len() == SPANS, "one span more than the tree shows");
    a_parent_lasts_as_long_as_its_children(&trace)?;
    every_resource_says_who_it_is(&trace)?;
    browser.appears("#last-trace").await?;
    let link = "document.querySelector('#last-trace').getAttribute('href')";
    let expected = format!("/telemetry/traces/{}", trace.0[0].trace_id);
    assert_eq!(browser.eval(link).await?, expected);
    Ok(())
}

/// In any browser.
pub(crate) async fn is_one_trace_by_enter(browser: &impl Drive, server: &Server) -> Result<()> {
    page::open(browser, &server.url("/")).await?;
    browser.press("#password", &Key::Enter.to_string()).await?;
    page::signed_in(browser).await?;
    let trace = server
        .traces()
        .complete(&page::trace_id(browser).await?, SPANS)
        .await?;
    let text = trace.tree();
    ensure!(text.starts_with("submit sign-in "), "{text}");
    tree().assert_eq(&text.replacen("submit", "click", 1));
    // The browser makes a click on the button of a form that is sent by Enter: it must not become a root.
    let roots = server.traces().list("name=click sign-in").await?;
    ensure!(
        roots.is_empty(),
        "a click root beside the submit: {roots:?}"
    );
    Ok(())
}

/// Signs in with the mouse on the page at `url`, and gives the trace.
pub(crate) async fn sign_in_by_click(
    browser: &impl Drive,
    server: &Server,
    url: &str,
) -> Result<Trace> {
    page::open(browser, url).await?;
    browser.click("#sign-in").await?;
    page::signed_in(browser).await?;
    server
        .traces()
        .complete(&page::trace_id(browser).await?, SPANS)
        .await
}

/// Within one service, where one clock rules.
fn a_parent_lasts_as_long_as_its_children(trace: &Trace) -> Result<()> {
    for child in &trace.0 {
        let parent = trace
            .0
            .iter()
            .find(|it| child.parent.as_ref() == Some(&it.span_id));
        let Some(parent) = parent.filter(|it| it.service == child.service) else {
            continue;
        };
        ensure!(
            parent.start_nanos <= child.start_nanos && child.end_nanos <= parent.end_nanos,
            "{} is not inside {}: {child:?} {parent:?}",
            child.name,
            parent.name
        );
    }
    Ok(())
}

fn every_resource_says_who_it_is(trace: &Trace) -> Result<()> {
    for span in &trace.0 {
        let keys: &[&str] = match span.service.as_str() {
            "rag-admin-backend" => &[
                "service.version",
                "service.instance.id",
                "deployment.environment.name",
                "host.name",
            ],
            _ => &[
                "service.version",
                "service.instance.id",
                "deployment.environment.name",
                "user_agent.original",
            ],
        };
        for key in keys {
            let value = span.resource.get(*key).map_or("", String::as_str);
            ensure!(!value.is_empty(), "{} does not say its {key}", span.service);
        }
    }
    Ok(())
}
