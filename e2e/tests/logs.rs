//! The server's log and its traces tell one story.

use anyhow::{Context, Result, ensure};
use throughline_e2e::{Browser, DEMO_EMAIL, DEMO_PASSWORD, Server, TOKEN};

use crate::sign_in::sign_in_by_click;

#[tokio::test]
async fn the_server_logs_of_a_sign_in_carry_its_trace() -> Result<()> {
    let (server, browser) = (Server::start().await?, Browser::start().await?);
    let trace = sign_in_by_click(&browser, &server, &server.url("/")).await?;
    let id = &trace.0[0].trace_id;
    let log = server.log_of(id)?;
    ensure!(
        !log.is_empty(),
        "no log of trace {id} in {:#?}",
        server.log()?
    );
    for record in &log {
        let span = record["span_id"].as_str().context("no span_id")?;
        ensure!(
            trace.has(span),
            "{record} names a span that is not in\n{}",
            trace.tree()
        );
    }
    for record in server.log()? {
        for key in ["timestamp", "level", "message", "target"] {
            ensure!(record[key].is_string(), "no {key} in {record}");
        }
    }
    let text = format!("{:?}", server.log()?);
    for secret in [DEMO_PASSWORD, DEMO_EMAIL, TOKEN] {
        ensure!(!text.contains(secret), "the log shows {secret}");
    }
    Ok(())
}
