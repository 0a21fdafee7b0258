//! A sign-in that fails says so to the person, and to the reader of the trace; and it does not say whether the user
//! exists.

use std::time::Duration;

use anyhow::{Result, ensure};
use expect_test::expect;
use reqwest::{Client, StatusCode};
use serde_json::json;
use throughline_e2e::{Browser, DEMO_EMAIL, Server, until};

use crate::page;

const SPANS: usize = 7;

#[tokio::test]
async fn a_wrong_password_and_an_unknown_user_differ_only_in_the_trace() -> Result<()> {
    let (server, browser) = (Server::start().await?, Browser::start().await?);
    browser.goto(&server.url("/")).await?;

    let (wrong_password, message) = attempt(&browser, &server, DEMO_EMAIL).await?;
    expect![[r#"
        click sign-in [rag-admin-frontend INTERNAL Unset]
          POST [rag-admin-frontend CLIENT Error] error.type=401 http.request.method=POST http.response.status_code=401
            POST /api/v1/auth/signin [rag-admin-backend SERVER Unset] http.request.method=POST http.response.status_code=401 http.route=/api/v1/auth/signin
              authenticate_user [rag-admin-backend INTERNAL Error "invalid password"] auth.method=email_password auth.success=false
                SELECT users [rag-admin-backend CLIENT Unset] db.collection.name=users db.operation.name=SELECT db.system.name=sqlite
                verify_password [rag-admin-backend INTERNAL Unset] auth.password_valid=false crypto.algorithm=bcrypt
                  bcrypt.verify [rag-admin-backend INTERNAL Unset]
    "#]]
    .assert_eq(&wrong_password);

    let (unknown_user, same_message) = attempt(&browser, &server, "nobody@example.com").await?;
    let expected = wrong_password.replace("invalid password", "user not found");
    assert_eq!(unknown_user, expected);
    assert_eq!(message, same_message);
    Ok(())
}

#[tokio::test]
async fn the_person_is_told_of_too_many_tries_and_of_a_server_that_is_down() -> Result<()> {
    let (mut server, browser) = (Server::start().await?, Browser::start().await?);
    page::open(&browser, &server.url("/")).await?;
    let guess = json!({"email": DEMO_EMAIL, "password": "a guess"});
    let address = server.url("/api/v1/auth/signin");
    until("too many tries", Duration::from_secs(30), async || {
        let status = Client::new()
            .post(&address)
            .json(&guess)
            .send()
            .await?
            .status();
        ensure!(status == StatusCode::TOO_MANY_REQUESTS, "{status}");
        Ok(())
    })
    .await?;
    browser.click("#sign-in").await?;
    let told_to_wait = page::alert(&browser, "").await?;

    server.kill();
    browser.click("#sign-in").await?;
    page::alert(&browser, &told_to_wait).await?;
    Ok(())
}

/// Tries to sign in with a password that is nobody's: the trace, and what the person reads.
async fn attempt(browser: &Browser, server: &Server, email: &str) -> Result<(String, String)> {
    browser.eval("performance.clearResourceTimings()").await?;
    page::fill(browser, email, "not the password").await?;
    browser.click("#sign-in").await?;
    let trace = server
        .traces()
        .complete(&page::trace_id(browser).await?, SPANS)
        .await?;
    let message = page::alert(browser, "").await?;
    browser.element("#sign-in").await?;
    Ok((trace.tree(), message))
}
