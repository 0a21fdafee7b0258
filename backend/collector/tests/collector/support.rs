//! A collector that listens, and requests to send it.

use std::{io::Write, net::SocketAddr};

use axum::Router;
use flate2::{Compression, write::GzEncoder};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{AnyValue, KeyValue, any_value::Value},
    resource::v1::Resource,
    trace::v1::{ResourceSpans, ScopeSpans, Span},
};
use prost::Message;
use reqwest::{Client, RequestBuilder, Response};
use tempfile::TempDir;
use throughline_collector::{Access, BrowserSettings, Collector, OtlpSettings, Settings};

pub(crate) const TOKEN: &str = "the-token-of-the-tests";
pub(crate) const PROTOBUF: &str = "application/x-protobuf";

/// Programs at `/v1/traces`, browsers at `/browser/v1/traces`, the viewer at `/telemetry`.
pub(crate) struct Server {
    pub(crate) collector: Collector,
    pub(crate) base: String,
    pub(crate) client: Client,
    _folder: TempDir,
}

/// RAG Admin's TLS is in the same build of reqwest, and wants to be told whose cryptography it is to use.
pub(crate) fn use_ring() {
    let _told_before = rustls::crypto::ring::default_provider().install_default();
}

impl Server {
    pub(crate) async fn start() -> Self {
        let browsers = BrowserSettings {
            services: vec!["frontend".to_owned()],
            ..BrowserSettings::default()
        };
        Self::start_with(OtlpSettings::default(), browsers).await
    }

    pub(crate) async fn start_with_memory(max_in_flight_bytes: usize) -> Self {
        let otlp = OtlpSettings::default();
        Self::start_all(otlp, BrowserSettings::default(), |settings| {
            settings.max_in_flight_bytes = max_in_flight_bytes;
        })
        .await
    }

    pub(crate) async fn start_with(otlp: OtlpSettings, browsers: BrowserSettings) -> Self {
        Self::start_all(otlp, browsers, |_| ()).await
    }

    async fn start_all(
        otlp: OtlpSettings,
        browsers: BrowserSettings,
        set: impl FnOnce(&mut Settings),
    ) -> Self {
        use_ring();
        let folder = tempfile::tempdir().unwrap();
        let mut settings = Settings::new(folder.path());
        set(&mut settings);
        let collector = Collector::open(settings).unwrap();
        let access = Access::token(TOKEN).or(|parts| {
            let is_admin = parts.headers.contains_key("x-admin");
            Box::pin(async move { is_admin })
        });
        let app = Router::new()
            .merge(collector.otlp(otlp))
            .nest("/browser", collector.otlp_browser(browsers))
            .merge(collector.viewer(access))
            .fallback(async || "the application");
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let app = app.into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async { axum::serve(listener, app).await });
        let client = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        Self {
            collector,
            base,
            client,
            _folder: folder,
        }
    }

    pub(crate) fn post(
        &self,
        content_type: &str,
        body: impl Into<reqwest::Body>,
    ) -> RequestBuilder {
        self.post_to("/v1/traces", content_type, body)
    }

    pub(crate) fn post_to(
        &self,
        path: &str,
        content_type: &str,
        body: impl Into<reqwest::Body>,
    ) -> RequestBuilder {
        let request = self.client.post(format!("{}{path}", self.base));
        request.header("content-type", content_type).body(body)
    }

    pub(crate) async fn ingest(&self, request: &ExportTraceServiceRequest) {
        let response = self
            .post(PROTOBUF, request.encode_to_vec())
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 200);
    }

    /// `GET`, with the token.
    pub(crate) async fn get(&self, path: &str) -> Response {
        self.request(path).bearer_auth(TOKEN).send().await.unwrap()
    }

    /// `GET`, without the token.
    pub(crate) fn request(&self, path: &str) -> RequestBuilder {
        self.client.get(format!("{}{path}", self.base))
    }

    pub(crate) async fn json(&self, path: &str) -> serde_json::Value {
        let response = self.get(path).await;
        assert_eq!(response.status(), 200, "{path}");
        json(response).await
    }

    /// The names of the roots in the list.
    pub(crate) async fn list(&self, query: &str) -> Vec<String> {
        let list = self.json(&format!("/telemetry/api/traces?{query}")).await;
        let traces = list["traces"].as_array().unwrap().iter();
        traces
            .map(|trace| trace["root_name"].as_str().unwrap().to_owned())
            .collect()
    }
}

pub(crate) async fn json(response: Response) -> serde_json::Value {
    serde_json::from_slice(&response.bytes().await.unwrap()).unwrap()
}

pub(crate) fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response
        .headers()
        .get(name)
        .map_or("", |value| value.to_str().unwrap())
}

/// A root span whose ids and times come from `n`: it begins at second `n` and takes `n` ms.
pub(crate) fn span(n: u64, name: &str) -> Span {
    Span {
        trace_id: u128::from(n).to_be_bytes().to_vec(),
        span_id: n.to_be_bytes().to_vec(),
        name: name.to_owned(),
        start_time_unix_nano: n * 1_000_000_000,
        end_time_unix_nano: n * 1_000_000_000 + n * 1_000_000,
        ..Span::default()
    }
}

pub(crate) fn request(service: &str, spans: Vec<Span>) -> ExportTraceServiceRequest {
    let attribute = KeyValue {
        key: "service.name".to_owned(),
        value: Some(AnyValue {
            value: Some(Value::StringValue(service.to_owned())),
        }),
        ..KeyValue::default()
    };
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: Some(Resource {
                attributes: vec![attribute],
                ..Resource::default()
            }),
            scope_spans: vec![ScopeSpans {
                spans,
                ..ScopeSpans::default()
            }],
            ..ResourceSpans::default()
        }],
    }
}

pub(crate) fn gzip(data: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(data).unwrap();
    gzip.finish().unwrap()
}
