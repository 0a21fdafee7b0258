//! Spans: their names, attributes, parents and logs.

use crate::support::{LONG, Recorder, Server, attribute, tree};
use axum::{
    Router,
    extract::Path,
    http::{HeaderMap, HeaderName},
    routing::{any, get, post},
};
use expect_test::expect;
use reqwest::{Client, Method};
use throughline_instrument::HttpSettings;
use tracing::Instrument;

pub(crate) const ENDINGS: [&str; 3] = [
    "http.response.status_code",
    "error.type",
    "throughline.body.end",
];

pub(crate) async fn ok() -> &'static str {
    "ok"
}

/// Sends the requests one by one, and tells the spans.
pub(crate) async fn spans_of(router: Router, requests: &[(&str, &str)]) -> String {
    let recorder = Recorder::new();
    let server = recorder.serve(router).await;
    send(&server, requests).await;
    server.stop().await;
    recorder.tree(&ENDINGS).await
}

pub(crate) async fn send(server: &Server, requests: &[(&str, &str)]) {
    let client = Client::new();
    for (method, path) in requests {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        if let Ok(response) = client.request(method, server.url(path)).send().await {
            let _body = response.bytes().await;
        }
    }
}

/// The 24 orders of four steps.
fn orders() -> Vec<[usize; 4]> {
    let digits = |number: usize| [number / 64, number / 16 % 4, number / 4 % 4, number % 4];
    let is_order = |order: &[usize; 4]| (0..4).all(|step| order.contains(&step));
    (0..256).map(digits).filter(is_order).collect()
}

#[tokio::test]
async fn no_route_nest_merge_or_fallback_escapes_in_whatever_order_it_was_added() {
    let users = || {
        Router::new()
            .route("/", get(ok))
            .route("/{id}", get(ok))
            .nest("/{id}/posts", Router::new().route("/{post}", get(ok)))
    };
    let merged = || Router::new().route("/merged/{x}", post(ok));
    let steps: [&dyn Fn(Router) -> Router; 4] = [
        &|router| router.route("/", get(ok)),
        &|router| router.nest("/users", users()),
        &|router| router.merge(merged()),
        &|router| router.fallback(ok),
    ];
    for order in orders() {
        let router = order
            .iter()
            .fold(Router::new(), |router, step| steps[*step](router));
        let spans = spans_of(
            router,
            &[
                ("GET", "/"),
                ("GET", "/users"),
                ("GET", "/users/7"),
                ("GET", "/users/7/posts/9"),
                ("POST", "/merged/1"),
                ("DELETE", "/merged/1"),
                ("GET", "/nowhere"),
            ],
        );
        expect![[r#"
            GET / SERVER http.response.status_code=200
            GET /users SERVER http.response.status_code=200
            GET /users/{id} SERVER http.response.status_code=200
            GET /users/{id}/posts/{post} SERVER http.response.status_code=200
            POST /merged/{x} SERVER http.response.status_code=200
            DELETE /merged/{x} SERVER http.response.status_code=405
            GET SERVER http.response.status_code=200
        "#]]
        .assert_eq(&spans.await);
    }
}

#[tokio::test]
async fn without_a_fallback_of_its_own_a_router_is_covered_too() {
    let router = Router::new()
        .route("/files/{*path}", get(ok))
        .nest_service("/service", Router::new().route("/{x}", get(ok)))
        .nest("/nested", Router::new().fallback(ok));
    let spans = spans_of(
        router,
        &[
            ("GET", "/nowhere"),
            ("GET", "/files/a/b.txt"),
            ("GET", "/service/1"),
            ("GET", "/nested/unknown"),
        ],
    );
    expect![[r#"
        GET SERVER http.response.status_code=404
        GET /files/{*path} SERVER http.response.status_code=200
        GET SERVER http.response.status_code=200
        GET SERVER http.response.status_code=200
    "#]]
    .assert_eq(&spans.await);
}

#[tokio::test]
async fn a_span_says_who_asked_for_what() {
    let recorder = Recorder::new();
    let server = recorder
        .serve(Router::new().route("/users/{id}", get(ok)))
        .await;
    let response = Client::new()
        .get(server.url("/users/7?page=2&token=secret"))
        .header("user-agent", "test/1")
        .header(
            "traceparent",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-03",
        )
        .send()
        .await
        .unwrap();
    let timing = response.headers()["server-timing"]
        .to_str()
        .unwrap()
        .to_owned();
    let port = server.address.port();
    server.stop().await;

    let spans = recorder.spans().await;
    let [span] = spans.as_slice() else {
        panic!("{spans:?}");
    };
    let own = &span.span_context;
    assert_eq!(
        own.trace_id().to_string(),
        "0af7651916cd43dd8448eb211c80319c"
    );
    assert_eq!(span.parent_span_id.to_string(), "b7ad6b7169203331");
    assert!(span.parent_span_is_remote);
    let answered = format!("00-{}-{}-03", own.trace_id(), own.span_id());
    assert_eq!(
        timing,
        format!("trace;desc=\"{answered}\", traceparent;desc=\"{answered}\"")
    );
    assert_eq!(span.instrumentation_scope.name(), "throughline.axum");

    let lines = span.attributes.iter().map(|it| match it.key.as_str() {
        "network.peer.port" => "network.peer.port=<port>\n".to_owned(),
        name => format!("{name}={}\n", it.value),
    });
    let text = lines
        .collect::<String>()
        .replace(&port.to_string(), "<port>");
    expect![[r#"
        http.request.method=GET
        url.scheme=http
        http.route=/users/{id}
        network.protocol.version=1.1
        url.path=/users/7
        url.query=page=2&token=REDACTED
        server.address=127.0.0.1
        server.port=<port>
        client.address=127.0.0.1
        network.peer.address=127.0.0.1
        network.peer.port=<port>
        user_agent.original=test/1
        http.response.status_code=200
    "#]]
    .assert_eq(&text);
}

#[tokio::test]
async fn what_a_client_chooses_takes_no_more_than_an_attribute_may_hold() {
    let recorder = Recorder::new();
    let server = recorder.serve(Router::new().fallback(ok)).await;
    let long = "x".repeat(30_000);
    let response = Client::new()
        .get(server.url(&format!("/{long}?{long}")))
        .header("user-agent", &long)
        .send();
    assert_eq!(response.await.unwrap().status(), 200);
    server.stop().await;
    let spans = recorder.spans().await;
    for name in ["url.path", "url.query", "user_agent.original"] {
        assert_eq!(attribute(&spans[0], name).unwrap().len(), 4096, "{name}");
    }
}

#[tokio::test]
async fn an_unknown_method_is_other() {
    let recorder = Recorder::new();
    let server = recorder.serve(Router::new().route("/pot", any(ok))).await;
    send(&server, &[("BREW", "/pot")]).await;
    server.stop().await;
    let keys = ["http.request.method", "http.request.method_original"];
    expect![[r#"
        HTTP /pot SERVER http.request.method=_OTHER http.request.method_original=BREW
    "#]]
    .assert_eq(&recorder.tree(&keys).await);
}

#[tokio::test]
async fn spans_and_logs_of_a_handler_belong_to_the_exchange_whatever_the_log_level() {
    #[tracing::instrument]
    async fn inner() {
        tokio::task::yield_now().await;
        let name = throughline_instrument::task::spawn_blocking(|| {
            tracing::info_span!("blocking").in_scope(|| tracing::warn!("from a thread"));
        });
        name.await.unwrap();
    }
    async fn handler(Path(id): Path<u32>) {
        tracing::warn!(id, "from the handler");
        tracing::info!("below the level");
        inner().await;
    }
    let recorder = Recorder::with(|builder| {
        builder.from_vars(|name| (name == "RUST_LOG").then(|| "warn".to_owned()))
    });
    let router = Router::new().route("/users/{id}", get(handler));
    let server = recorder.serve(router).await;
    send(&server, &[("GET", "/users/7")]).await;
    server.stop().await;

    let spans = recorder.spans().await;
    expect![[r#"
        GET /users/{id} SERVER
          inner
            blocking
    "#]]
    .assert_eq(&tree(&spans, &[]));
    let log = recorder.log();
    assert_eq!(log.len(), 2, "{log:?}");
    for (line, span) in log.iter().zip([&spans[0], &spans[2]]) {
        let context = &span.span_context;
        let ids = format!(
            r#""trace_id":"{}","span_id":"{}","trace_flags":"03""#,
            context.trace_id(),
            context.span_id()
        );
        assert!(line.contains(&ids), "{line}");
    }
}

#[tokio::test]
async fn the_servers_own_timing_is_kept() {
    let recorder = Recorder::new();
    let name = HeaderName::from_static("server-timing");
    let handler = get(move || async move { [(name, "db;dur=3")] });
    let server = recorder.serve(Router::new().route("/", handler)).await;
    let response = Client::new().get(server.url("/")).send().await.unwrap();
    let timings: Vec<_> = response.headers().get_all("server-timing").iter().collect();
    assert_eq!(timings.len(), 2);
    assert_eq!(timings[0], "db;dur=3");
    server.stop().await;
}

#[tokio::test]
async fn excluded_paths_are_passed_through_without_a_span() {
    let router = Router::new().fallback(ok);
    let requests = [
        ("POST", "/v1/traces"),
        ("GET", "/telemetry/api/traces"),
        ("GET", "/healthz"),
        ("GET", "/healthzone"),
        ("GET", "/v1/users"),
    ];
    expect![[r#"
        GET SERVER http.response.status_code=200
        GET SERVER http.response.status_code=200
    "#]]
    .assert_eq(&spans_of(router, &requests).await);
}

const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

#[tokio::test]
async fn of_an_excluded_path_nothing_is_recorded_and_whom_it_calls_is_told_of_the_caller() {
    let recorder = Recorder::with(|builder| {
        let healthy = |http: HttpSettings| http.excluded_urls(["^/healthy$"]);
        builder.http(healthy)
    });
    let told =
        |headers: HeaderMap| async move { headers["traceparent"].to_str().unwrap().to_owned() };
    let database = Server::start(Router::new().route("/", get(told))).await;
    let http = throughline_instrument::reqwest::builder(Client::builder())
        .tracer(recorder.telemetry.tracer("test"))
        .build()
        .unwrap();
    let url = database.url("/");
    let check = move || {
        let request = http.get(&url);
        async { request.send().await.unwrap().text().await.unwrap() }
            .instrument(tracing::info_span!("check"))
    };
    let router = Router::new()
        .route("/healthz", get(check.clone()))
        .route("/healthy", get(check));
    let server = recorder.serve(router).await;
    for path in ["/healthz", "/healthy"] {
        let request = Client::new().get(server.url(path));
        let answer = request.header("traceparent", PARENT).send().await.unwrap();
        assert_eq!(answer.text().await.unwrap(), PARENT);
    }
    server.stop().await;
    assert_eq!(recorder.tree(&[]).await, "");
}

#[tokio::test]
async fn a_router_within_a_traced_one_has_no_second_span() {
    let recorder = Recorder::new();
    let api = Router::new().route("/users", get(ok));
    let app = Router::new().nest("/api", recorder.telemetry.trace(api));
    let server = recorder.serve(app).await;
    send(&server, &[("GET", "/api/users")]).await;
    server.stop().await;
    expect![[r#"
        GET /api/users SERVER http.response.status_code=200
    "#]]
    .assert_eq(&recorder.tree(&ENDINGS).await);
}

#[tokio::test]
async fn after_a_shutdown_the_callers_context_still_passes_through() {
    async fn trace_id() -> String {
        use opentelemetry::trace::TraceContextExt;
        let current = opentelemetry::Context::current();
        current.span().span_context().trace_id().to_string()
    }
    let recorder = Recorder::new();
    let server = recorder
        .serve(Router::new().route("/", get(trace_id)))
        .await;
    recorder.telemetry.shutdown(LONG).await;
    let request = Client::new().get(server.url("/"));
    let answer = request.header("traceparent", PARENT).send().await.unwrap();
    assert_eq!(answer.text().await.unwrap(), &PARENT[3..35]);
    server.stop().await;
}

#[tokio::test]
async fn a_trace_that_the_caller_does_not_sample_is_not_recorded_and_keeps_its_flags() {
    let recorder = Recorder::with(|builder| {
        use throughline_instrument::sampling::UnsampledCallers::Respect;
        builder.unsampled_callers(Respect)
    });
    let server = recorder.serve(Router::new().route("/", get(ok))).await;
    let response = Client::new()
        .get(server.url("/"))
        .header(
            "traceparent",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-02",
        )
        .send()
        .await
        .unwrap();
    let timing = response.headers()["server-timing"].to_str().unwrap();
    assert!(
        timing.starts_with("trace;desc=\"00-0af7651916cd43dd8448eb211c80319c-"),
        "{timing}"
    );
    assert!(timing.ends_with("-02\""), "{timing}");
    server.stop().await;
    assert_eq!(recorder.spans().await.len(), 0);
}

#[tokio::test]
async fn two_traceparents_are_as_good_as_none() {
    let recorder = Recorder::new();
    let server = recorder.serve(Router::new().route("/", get(ok))).await;
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let request = Client::new().get(server.url("/"));
    let request = request
        .header("traceparent", parent)
        .header("traceparent", parent);
    request.send().await.unwrap();
    server.stop().await;
    let spans = recorder.spans().await;
    assert!(!spans[0].parent_span_is_remote);
    assert_eq!(attribute(&spans[0], "http.route").as_deref(), Some("/"));
}

#[tokio::test]
async fn a_disabled_sdk_makes_no_spans_and_passes_the_context_on() {
    async fn trace_id() -> String {
        use opentelemetry::trace::TraceContextExt;
        let current = opentelemetry::Context::current();
        current.span().span_context().trace_id().to_string()
    }
    let recorder = Recorder::with(|builder| {
        builder.from_vars(|name| (name == "OTEL_SDK_DISABLED").then(|| "true".to_owned()))
    });
    let server = recorder
        .serve(Router::new().route("/", get(trace_id)))
        .await;
    let request = Client::new().get(server.url("/")).header(
        "traceparent",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    );
    let response = request.send().await.unwrap();
    let timing = response.headers().get("server-timing");
    assert_eq!(timing, None, "the caller's own span did not answer");
    assert_eq!(
        response.text().await.unwrap(),
        "0af7651916cd43dd8448eb211c80319c"
    );
    server.stop().await;
    assert_eq!(recorder.spans().await.len(), 0);
}
