//! Series of routes and outcomes: those that are remembered are measured as all others are.

use super::metrics::Meters;
use crate::support::Recorder;
use axum::{
    Extension, Router, body::Body, extract::Path, extract::Request, http::StatusCode, routing::get,
};
use expect_test::expect;
use opentelemetry_sdk::metrics::Temporality;
use throughline_instrument::ErrorType;
use tower::ServiceExt;

/// The SDK's default.
const LIMIT: usize = 2000;

/// A traced router, and what is measured of it.
struct Measured {
    router: Router,
    meters: Meters,
    _recorder: Recorder,
}

impl Measured {
    fn new(router: Router, meters: Meters) -> Self {
        let recorder = Recorder::with(|builder| builder.http(|http| http.meter(meters.meter())));
        Self {
            router: recorder.telemetry.trace(router),
            meters,
            _recorder: recorder,
        }
    }

    /// Without a connection: the exchange has ended when this has.
    async fn get(&self, path: &str) {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        axum::body::to_bytes(response.into_body(), usize::MAX)
            .await
            .unwrap();
    }

    /// The durations of what was exported now.
    fn durations(&self) -> Vec<String> {
        let text = self.meters.text();
        let durations = text.lines().filter(|line| line.contains("duration"));
        durations.map(str::to_owned).collect()
    }
}

#[tokio::test]
async fn what_is_measured_after_an_export_of_deltas_is_in_the_next_one() {
    let router = Router::new().route("/", get(|| async {}));
    let measured = Measured::new(router, Meters::limited(Temporality::Delta, LIMIT));
    let mut exported = Vec::new();
    for requests in [1, 3, 0, 2] {
        for _ in 0..requests {
            measured.get("/").await;
        }
        exported.extend(measured.durations());
        exported.push(format!("{requests} requests"));
    }
    expect![[r#"
        http.server.request.duration s http.request.method=GET http.response.status_code=200 http.route=/ network.protocol.version=1.1 url.scheme=http = 1
        1 requests
        http.server.request.duration s http.request.method=GET http.response.status_code=200 http.route=/ network.protocol.version=1.1 url.scheme=http = 3
        3 requests
        0 requests
        http.server.request.duration s http.request.method=GET http.response.status_code=200 http.route=/ network.protocol.version=1.1 url.scheme=http = 2
        2 requests"#]]
    .assert_eq(&exported.join("\n"));
}

#[tokio::test]
async fn series_beyond_the_limit_of_an_instrument_are_added_up_as_overflow() {
    for temporality in [Temporality::Cumulative, Temporality::Delta] {
        let router = Router::new()
            .route("/one", get(|| async {}))
            .route("/two", get(|| async {}))
            .route("/three", get(|| async {}));
        let measured = Measured::new(router, Meters::limited(temporality, 1));
        for path in ["/one", "/two", "/three"].repeat(2) {
            measured.get(path).await;
        }
        expect![[r#"
            http.server.request.duration s http.request.method=GET http.response.status_code=200 http.route=/one network.protocol.version=1.1 url.scheme=http = 2
            http.server.request.duration s otel.metric.overflow=true = 4"#]]
        .assert_eq(&measured.durations().join("\n"));
    }
}

#[tokio::test]
async fn more_routes_than_are_remembered_are_all_measured() {
    let routes: Vec<String> = (0..1100).map(|number| format!("/{number}")).collect();
    let router = routes.iter().fold(Router::new(), |router, route| {
        router.route(route, get(|| async {}))
    });
    let measured = Measured::new(router, Meters::limited(Temporality::Cumulative, LIMIT));
    for route in routes.iter().chain(&routes) {
        measured.get(route).await;
    }
    let durations = measured.durations();
    assert_eq!(durations.len(), routes.len());
    assert!(durations.iter().all(|line| line.ends_with(" = 2")));
    assert_eq!(measured.meters.active_and_measured(), (0, 2200));
}

#[tokio::test]
async fn more_outcomes_than_are_remembered_are_all_measured() {
    let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
    let fails = move |Path((status, name)): Path<(u16, usize)>| async move {
        let status = StatusCode::from_u16(status).unwrap();
        (status, Extension(ErrorType(names[name])))
    };
    let router = Router::new().route("/{status}/{name}", get(fails));
    let measured = Measured::new(router, Meters::limited(Temporality::Cumulative, LIMIT));
    let outcomes: Vec<String> = [400, 500, 503]
        .iter()
        .flat_map(|status| (0..names.len()).map(move |name| format!("/{status}/{name}")))
        .collect();
    for path in outcomes.iter().chain(&outcomes) {
        measured.get(path).await;
    }
    let durations = measured.durations();
    assert_eq!(durations.len(), outcomes.len());
    assert!(durations.iter().all(|line| line.ends_with(" = 2")));
}
