//! `POST /test`: calls others as it is told, for the test harness of W3C Trace Context
//! (<https://github.com/w3c/trace-context/tree/main/test>). Served only with `TRACE_CONTEXT_TEST=1`.
//!
//! The body is a list of `{"url": …, "arguments": […]}`; each `url` is sent its `arguments` with the traced client. A
//! server that sends requests for strangers is a door into its network: this one sends them to this machine only, by
//! the address that a name stands for, follows no redirect, uses no proxy, and bounds how much it sends.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use anyhow::Context;
use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, State},
    http::{StatusCode, header},
    middleware::map_response,
    routing::post,
};
use reqwest::{
    Url,
    dns::{Addrs, Name, Resolve, Resolving},
};
use serde::Deserialize;
use serde_json::Value;
use throughline_core::names::scope;
use throughline_instrument::{
    Telemetry,
    reqwest::{ClientWithMiddleware, builder},
};
use tokio::net::lookup_host;

use crate::problem::{self, JsonBody, Problem};

/// The largest list, in bytes.
const MAX_BODY_BYTES: usize = 16 * 1024;

/// The longest list.
const MAX_CALLS: usize = 16;

/// How long one call may take.
const TIMEOUT: Duration = Duration::from_secs(5);

/// One call that is asked for.
#[derive(Debug, Deserialize)]
struct Call {
    url: String,
    arguments: Value,
}

/// A name that stands for no address of this machine.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no address of this machine")]
struct NotLoopback(String);

/// Resolves names to the loopback addresses that they stand for, and to no others.
#[derive(Debug)]
struct Loopback;

pub(crate) fn router(telemetry: &Telemetry) -> anyhow::Result<Router> {
    let client = reqwest::Client::builder()
        .no_proxy()
        .dns_resolver(Loopback)
        .timeout(TIMEOUT);
    let client = builder(client)
        .max_redirects(0)
        .tracer(telemetry.tracer(scope::REQWEST))
        .build()
        .context("the client of TRACE_CONTEXT_TEST")?;
    Ok(Router::new()
        .route("/test", post(call_others))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(map_response(problem::complete))
        .with_state(client))
}

/// Calls one after the other, and answers with their status codes.
async fn call_others(
    State(client): State<ClientWithMiddleware>,
    JsonBody(calls): JsonBody<Vec<Call>>,
) -> Result<Json<Vec<u16>>, Problem> {
    if calls.len() > MAX_CALLS {
        return Err(Problem::unusable(format!(
            "At most {MAX_CALLS} calls at once."
        )));
    }
    let mut statuses = Vec::with_capacity(calls.len());
    for call in calls {
        let url = on_this_machine(&call.url)?;
        let request = client
            .post(url)
            .header(header::CONTENT_TYPE, "application/json")
            .body(call.arguments.to_string());
        let response = request
            .send()
            .await
            .map_err(|error| Problem::new(StatusCode::BAD_GATEWAY, format!("{error:#}")))?;
        statuses.push(response.status().as_u16());
    }
    Ok(Json(statuses))
}

/// Names are checked when they are resolved; addresses are not resolved.
fn on_this_machine(url: &str) -> Result<Url, Problem> {
    let refused = || Problem::unusable("Every `url` has to be one of HTTP on this machine.");
    let url: Url = url.parse().map_err(|_| refused())?;
    let host = url.host_str().ok_or_else(refused)?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let elsewhere = host.parse::<IpAddr>().is_ok_and(|ip| !is_loopback(ip));
    if elsewhere || url.scheme() != "http" {
        return Err(refused());
    }
    Ok(url)
}

fn is_loopback(ip: IpAddr) -> bool {
    ip.to_canonical().is_loopback()
}

impl Resolve for Loopback {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            // The port is the client's to set.
            let all = lookup_host((name.as_str(), 0)).await?;
            let here: Vec<SocketAddr> = all.filter(|it| is_loopback(it.ip())).collect();
            if here.is_empty() {
                return Err(NotLoopback(name.as_str().to_owned()).into());
            }
            let here: Addrs = Box::new(here.into_iter());
            Ok(here)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_urls_of_this_machine_are_called() {
        for url in [
            "http://127.0.0.1:7777/x",
            "http://127.1/",
            "http://[::1]:80/",
            "http://[::ffff:127.0.0.1]/",
            "http://localhost:7777/",
        ] {
            assert!(on_this_machine(url).is_ok(), "{url}");
        }
        for url in [
            "http://192.0.2.1/",
            "http://0.0.0.0/",
            "http://[::]/",
            "http://[::ffff:192.0.2.1]/",
            "http://169.254.169.254/latest/meta-data",
            "https://127.0.0.1/",
            "file:///etc/passwd",
            "/relative",
        ] {
            assert!(on_this_machine(url).is_err(), "{url}");
        }
    }

    #[tokio::test]
    async fn a_name_stands_for_addresses_of_this_machine_only() {
        let here = Loopback.resolve("localhost".parse().unwrap()).await;
        let mut here = here.unwrap();
        assert!(here.all(|address| address.ip().is_loopback()));
        // An address in the place of a name needs no resolver of the machine's.
        let elsewhere = Loopback.resolve("192.0.2.1".parse().unwrap()).await;
        let error = elsewhere.err().unwrap();
        assert_eq!(
            error.to_string(),
            "`192.0.2.1` is no address of this machine"
        );
    }
}
