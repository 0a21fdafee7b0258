//! The metrics of the application, and how many series each may have.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use opentelemetry::KeyValue;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData};
use rag_admin_api::paths;
use reqwest::StatusCode;

use crate::support::{EMAIL, PASSWORD, TestServer, recorded};

const PATIENCE: Duration = Duration::from_secs(10);

/// Which attributes a metric may have: none whose values people choose.
const ALLOWED: [(&str, &[&str]); 3] = [
    ("rag_admin.", &["method", "outcome"]),
    (
        "http.server.",
        &[
            "error.type",
            "http.request.method",
            "http.response.status_code",
            "http.route",
            "network.protocol.version",
            "url.scheme",
        ],
    ),
    (
        "db.client.",
        &[
            "db.client.connection.pool.name",
            "db.client.connection.state",
            "db.collection.name",
            "db.namespace",
            "db.operation.name",
            "db.query.summary",
            "db.response.status_code",
            "db.system.name",
            "error.type",
            "server.address",
            "server.port",
        ],
    ),
];

#[tokio::test]
async fn a_sign_in_is_counted_by_how_it_ended() {
    let server = TestServer::start().await;
    let mut browser = server.browser();
    for (password, status) in [
        ("a wrong password", StatusCode::UNAUTHORIZED),
        (PASSWORD, StatusCode::OK),
    ] {
        assert_eq!(browser.sign_in(EMAIL, password).await.status(), status);
    }
    let all = measured().await;
    for outcome in ["refused", "success"] {
        let series = format!("method=password,outcome={outcome}");
        for name in ["rag_admin.sign_ins", "rag_admin.sign_in.duration"] {
            assert!(all[name].contains(&series), "{all:?}");
        }
    }
}

#[tokio::test]
async fn no_metric_has_an_attribute_that_people_choose() {
    let server = TestServer::start().await;
    let mut browser = server.browser();
    browser.sign_in(EMAIL, PASSWORD).await;
    for path in [paths::ME, "/api/v1/users/1", "/api/v1/users/2", "/x?a=b"] {
        browser.get(path).await;
    }
    let all = measured().await;
    for (prefix, allowed) in ALLOWED {
        let metrics = all.iter().filter(|(name, _)| name.starts_with(prefix));
        let series = metrics.flat_map(|(name, all)| all.iter().map(move |it| (name, it)));
        let series: Vec<_> = series.collect();
        assert!(!series.is_empty(), "{prefix} {all:?}");
        for (name, it) in series {
            let mut keys = it
                .split(',')
                .filter_map(|pair| Some(pair.split_once('=')?.0));
            assert!(keys.all(|key| allowed.contains(&key)), "{name}: {it}");
        }
    }
}

/// The series of each metric, as text. Other tests make some, too.
async fn measured() -> BTreeMap<String, BTreeSet<String>> {
    recorded().telemetry.flush(PATIENCE).await.unwrap();
    let mut all = BTreeMap::<String, BTreeSet<String>>::new();
    for export in recorded().metrics.get_finished_metrics().unwrap() {
        for metric in export.scope_metrics().flat_map(|it| it.metrics()) {
            let series = match metric.data() {
                AggregatedMetrics::F64(data) => series(data),
                AggregatedMetrics::U64(data) => series(data),
                AggregatedMetrics::I64(data) => series(data),
            };
            let known = all.entry(metric.name().to_owned()).or_default();
            known.extend(series);
        }
    }
    all
}

fn series<T>(data: &MetricData<T>) -> Vec<String> {
    match data {
        MetricData::Gauge(it) => it.data_points().map(|it| text(it.attributes())).collect(),
        MetricData::Sum(it) => it.data_points().map(|it| text(it.attributes())).collect(),
        MetricData::Histogram(it) => it.data_points().map(|it| text(it.attributes())).collect(),
        MetricData::ExponentialHistogram(_) => Vec::new(),
    }
}

fn text<'a>(attributes: impl Iterator<Item = &'a KeyValue>) -> String {
    let mut pairs: Vec<String> = attributes
        .map(|it| format!("{}={}", it.key, it.value))
        .collect();
    pairs.sort_unstable();
    pairs.join(",")
}
