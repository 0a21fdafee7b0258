//! Acknowledged means durable.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Result, ensure};
use futures_util::future::join_all;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use throughline_e2e::{Server, until};

const CLIENTS: usize = 4;
const ACKNOWLEDGED_BEFORE_THE_KILL: usize = 40;

#[tokio::test]
async fn kill_9_loses_nothing_that_was_acknowledged() -> Result<()> {
    let server = Server::start().await?;
    let acknowledged = AtomicUsize::new(0);
    let url = server.url("/v1/traces");
    let clients =
        join_all((0..CLIENTS).map(|client| post_until_it_is_gone(&url, client, &acknowledged)));
    let kill = async {
        until("acknowledged posts", Duration::from_secs(30), async || {
            let count = acknowledged.load(Ordering::Relaxed);
            ensure!(count >= ACKNOWLEDGED_BEFORE_THE_KILL, "only {count}");
            Ok(())
        })
        .await?;
        server.killed_and_restarted().await
    };
    let (traces, server) = tokio::join!(clients, kill);
    let server = server?;
    for trace in traces.concat() {
        let stored = server.traces().complete(&trace, 1).await?;
        ensure!(stored.0.len() == 1, "stored twice:\n{}", stored.tree());
    }
    Ok(())
}

/// Posts one trace after the other, and gives the ids of those that were answered with 200.
async fn post_until_it_is_gone(
    url: &str,
    client: usize,
    acknowledged: &AtomicUsize,
) -> Vec<String> {
    let (http, mut stored) = (Client::new(), Vec::new());
    for number in 1.. {
        let trace = format!("{client:016x}{number:016x}");
        let Ok(response) = http.post(url).json(&one_span(&trace)).send().await else {
            break;
        };
        if response.status() == StatusCode::OK {
            stored.push(trace);
            acknowledged.fetch_add(1, Ordering::Relaxed);
        }
    }
    stored
}

fn one_span(trace: &str) -> Value {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_nanos();
    json!({"resourceSpans": [{
        "resource": {"attributes": [
            {"key": "service.name", "value": {"stringValue": "rag-admin-frontend"}},
        ]},
        "scopeSpans": [{"scope": {"name": "throughline.interaction"}, "spans": [{
            "traceId": trace,
            "spanId": trace[16..],
            "name": "click save",
            "kind": 1,
            "startTimeUnixNano": now.to_string(),
            "endTimeUnixNano": (now + 1_000_000).to_string(),
        }]}],
    }]})
}
