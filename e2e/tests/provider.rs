//! Signing in with a real OpenID Connect provider, by its button.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use expect_test::expect;
use throughline_e2e::{Browser, Process, Server, Trace, free_port, until, workspace};

use crate::{npm, page};

const WITHIN: Duration = Duration::from_secs(15);

#[tokio::test]
async fn a_person_signs_in_with_the_provider_and_each_side_tells_one_trace() -> Result<()> {
    let (server, _provider) = start().await?;
    let browser = Browser::start().await?;
    sign_in(&browser, &server, "demo").await?;
    until("the signed-in page", WITHIN, async || {
        let title = browser.element("h1").await?.text().await?;
        ensure!(title == "You are signed in", "it says {title:?}");
        Ok(())
    })
    .await?;

    let click = root(&server, "click sign-in-with-provider").await?;
    expect![[r#"
        click sign-in-with-provider [rag-admin-frontend INTERNAL Unset]
    "#]]
    .assert_eq(&click.tree());
    let callback = root(&server, "GET /api/v1/auth/oidc/callback").await?;
    expect![[r#"
        GET /api/v1/auth/oidc/callback [rag-admin-backend SERVER Unset] http.request.method=GET http.response.status_code=303 http.route=/api/v1/auth/oidc/callback
          authenticate_user [rag-admin-backend INTERNAL Unset] auth.method=oidc auth.success=true
            POST [rag-admin-backend CLIENT Unset] http.request.method=POST http.response.status_code=200
            SELECT identities [rag-admin-backend CLIENT Unset] db.collection.name=identities db.operation.name=SELECT db.system.name=sqlite
            SELECT users [rag-admin-backend CLIENT Unset] db.collection.name=users db.operation.name=SELECT db.system.name=sqlite
            INSERT identities [rag-admin-backend CLIENT Unset] db.collection.name=identities db.operation.name=INSERT db.system.name=sqlite
            INSERT refresh_tokens [rag-admin-backend CLIENT Unset] db.collection.name=refresh_tokens db.operation.name=INSERT db.system.name=sqlite
    "#]].assert_eq(&callback.tree());
    Ok(())
}

#[tokio::test]
async fn whom_the_provider_does_not_sign_in_is_told_once() -> Result<()> {
    let (server, _provider) = start().await?;
    let browser = Browser::start().await?;
    sign_in(&browser, &server, "stranger").await?;
    let told = page::alert(&browser, "").await?;
    ensure!(
        told.starts_with("The provider did not sign you in."),
        "{told}"
    );
    assert_eq!(browser.current_url().await?.as_str(), server.url("/"));
    browser.refresh().await?;
    let message = browser.element("[role=alert]").await?.text().await?;
    ensure!(message.is_empty(), "it says {message:?} again");
    Ok(())
}

/// A provider, and a server that knows it.
async fn start() -> Result<(Server, Process)> {
    let source = workspace().join("backend/app/tests/api/provider");
    let read = |file| std::fs::read_to_string(source.join(file));
    let folder = npm::installed("oidc-provider", &read("package.json")?)?;
    std::fs::write(folder.join("provider.mjs"), read("provider.mjs")?)?;
    let port = free_port()?;
    let mut node = Command::new("node");
    node.arg("provider.mjs")
        .arg(format!("http://127.0.0.1:{port}/api/v1/auth/oidc/callback"))
        .current_dir(folder);
    let mut provider = Process::start(node)?;
    let issuer = until("the provider", WITHIN, async || {
        provider.check_running()?;
        provider
            .stdout()
            .first()
            .cloned()
            .context("it has not said where it is")
    })
    .await?;
    let settings = [
        ("OIDC_NAME", "Example ID"),
        ("OIDC_ISSUER", &issuer),
        ("OIDC_CLIENT_ID", "rag-admin"),
        ("OIDC_CLIENT_SECRET", "a secret of the tests"),
    ];
    let server = Server::start_with(port, &settings).await?;
    Ok((server, provider))
}

/// The button, and the provider's form.
async fn sign_in(browser: &Browser, server: &Server, who: &str) -> Result<()> {
    browser.goto(&server.url("/")).await?;
    let button = browser.element("#sign-in-with-provider").await?;
    assert_eq!(button.text().await?, "Sign in with Example ID");
    button.click().await?;
    browser.fill("#who", who).await?;
    browser.click("#continue").await
}

/// The only trace whose root is named so, once it is there.
async fn root(server: &Server, name: &str) -> Result<Trace> {
    until(name, Duration::from_secs(45), async || {
        let found = server.traces().list(&format!("name={name}")).await?;
        ensure!(found.len() == 1, "{} traces", found.len());
        let id = found[0]["trace_id"].as_str().context("no trace_id")?;
        server.traces().trace(id).await
    })
    .await
}
