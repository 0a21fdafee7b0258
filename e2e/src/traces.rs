//! The collector's query API, as a program uses it.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use reqwest::{Client, StatusCode};
use serde_json::Value;

use crate::{Trace, until};

/// The traces of a collector.
#[derive(Clone, Debug)]
pub struct Traces {
    api: String,
    token: String,
    http: Client,
}

/// A browser sends its spans after 5 s (`OTEL_BSP_SCHEDULE_DELAY`), a root at most 30 s after it began.
const COMPLETE_WITHIN: Duration = Duration::from_secs(45);

impl Traces {
    pub(crate) fn new(origin: &str, token: &str) -> Self {
        let api = format!("{origin}/telemetry/api");
        Self {
            api,
            token: token.to_owned(),
            http: Client::new(),
        }
    }

    /// `GET /telemetry/api/traces?query`, all its pages: the summaries, newest first.
    pub async fn list(&self, query: &str) -> Result<Vec<Value>> {
        let (mut traces, mut cursor) = (Vec::new(), String::new());
        loop {
            let (status, page) = self.get(&format!("traces?{query}{cursor}")).await?;
            ensure!(status.is_success(), "{status} from the trace list");
            let page: Value = serde_json::from_str(&page)?;
            traces.extend(
                page["traces"]
                    .as_array()
                    .context("no traces in the page")?
                    .clone(),
            );
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return Ok(traces),
            }
        }
    }

    /// `GET /telemetry/api/traces/{id}`.
    pub async fn trace(&self, id: &str) -> Result<Trace> {
        let (status, body) = self.get(&format!("traces/{id}")).await?;
        ensure!(status.is_success(), "{status} for trace {id}");
        Trace::from_otlp(&serde_json::from_str(&body)?)
    }

    /// Every trace as it is given: OTLP/JSON.
    pub(crate) async fn documents(&self) -> Result<Vec<Value>> {
        let mut documents = Vec::new();
        for summary in self.list("limit=500").await? {
            let id = summary["trace_id"].as_str().context("no trace_id")?;
            let (_, document) = self.get(&format!("traces/{id}")).await?;
            documents.push(serde_json::from_str(&document)?);
        }
        Ok(documents)
    }

    /// Every trace that `query` finds.
    pub async fn all(&self, query: &str) -> Result<Vec<Trace>> {
        let mut traces = Vec::new();
        for summary in self.list(query).await? {
            traces.push(
                self.trace(summary["trace_id"].as_str().context("no trace_id")?)
                    .await?,
            );
        }
        Ok(traces)
    }

    /// The trace, once all of its `spans` spans have arrived.
    pub async fn complete(&self, id: &str, spans: usize) -> Result<Trace> {
        until("a complete trace", COMPLETE_WITHIN, async || {
            let trace = self.trace(id).await?;
            ensure!(
                trace.0.len() >= spans,
                "of {spans} spans there are:\n{}",
                trace.tree()
            );
            Ok(trace)
        })
        .await
    }

    async fn get(&self, path: &str) -> Result<(StatusCode, String)> {
        let request = self
            .http
            .get(format!("{}/{path}", self.api))
            .bearer_auth(&self.token);
        let response = request.send().await?;
        Ok((response.status(), response.text().await?))
    }
}
