//! Spans: their names, attributes, ends, parents and logs.

use crate::support::{Recorder, Server, attribute, tree};
use axum::{
    Router,
    body::{Body, Bytes},
    extract::Path,
    http::{HeaderName, StatusCode},
    routing::{any, get, post},
};
use expect_test::expect;
use futures_util::{StreamExt, stream};
use reqwest::{Client, Method};
use std::{convert::Infallible, future::pending, sync::Arc};
use tokio::sync::Notify;
use tower_http::catch_panic::CatchPanicLayer;

pub(crate) const ENDINGS: [&str; 3] = [
    "http.response.status_code",
    "error.type",
    "throughline.body.end",
];

pub(crate) async fn ok() -> &'static str {
    "ok"
}

/// Sends the requests one by one, and tells the spans.
async fn spans_of(router: Router, requests: &[(&str, &str)]) -> String {
    let recorder = Recorder::new();
    let server = recorder.serve(router).await;
    send(&server, requests).await;
    server.stop().await;
    recorder.tree(&ENDINGS).await
}

async fn send(server: &Server, requests: &[(&str, &str)]) {
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
        http.route=/users/{id}
        url.scheme=http
        url.path=/users/7
        url.query=page=2&token=REDACTED
        server.address=127.0.0.1
        server.port=<port>
        client.address=127.0.0.1
        network.peer.address=127.0.0.1
        network.peer.port=<port>
        network.protocol.version=1.1
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
async fn only_a_server_error_is_an_error() {
    let status = |code: StatusCode| get(move || async move { code });
    let router = Router::new()
        .route("/not-found", status(StatusCode::NOT_FOUND))
        .route("/unauthorized", status(StatusCode::UNAUTHORIZED))
        .route("/unavailable", status(StatusCode::SERVICE_UNAVAILABLE));
    let requests = ["/not-found", "/unauthorized", "/unavailable"].map(|path| ("GET", path));
    let spans = spans_of(router, &requests);
    expect![[r#"
        GET /not-found SERVER http.response.status_code=404
        GET /unauthorized SERVER http.response.status_code=401
        GET /unavailable SERVER error http.response.status_code=503 error.type=503
    "#]]
    .assert_eq(&spans.await);
}

#[tokio::test]
async fn a_body_that_nobody_reads_is_complete() {
    let stream = || async { Body::from_stream(stream::iter([Ok::<_, Infallible>("part")])) };
    let router = Router::new()
        .route("/text", get(ok))
        .route("/stream", get(stream))
        .route("/empty", get(|| async { StatusCode::NO_CONTENT }));
    let requests = [
        ("HEAD", "/text"),
        ("HEAD", "/stream"),
        ("GET", "/empty"),
        ("GET", "/stream"),
    ];
    expect![[r#"
        HEAD /text SERVER http.response.status_code=200
        HEAD /stream SERVER http.response.status_code=200
        GET /empty SERVER http.response.status_code=204
        GET /stream SERVER http.response.status_code=200
    "#]]
    .assert_eq(&spans_of(router, &requests).await);
}

#[tokio::test]
async fn a_stream_of_announced_length_is_complete_at_its_last_byte() {
    let endless = || async {
        let parts = stream::iter([Ok::<_, Infallible>("part")]).chain(stream::pending());
        ([("content-length", "4")], Body::from_stream(parts))
    };
    let spans = spans_of(Router::new().route("/", get(endless)), &[("GET", "/")]);
    expect![[r#"
        GET / SERVER http.response.status_code=200
    "#]]
    .assert_eq(&spans.await);
}

#[tokio::test]
async fn the_span_lasts_until_the_body_ends() {
    let recorder = Recorder::new();
    let more = Arc::new(Notify::new());
    let gate = Arc::clone(&more);
    let handler = get(move || async move {
        let parts = stream::once(async { "first" }).chain(stream::once(async move {
            gate.notified().await;
            tracing::info_span!("last_part").in_scope(|| "last")
        }));
        Body::from_stream(parts.map(Ok::<_, Infallible>))
    });
    let server = recorder.serve(Router::new().route("/", handler)).await;
    let mut response = Client::new().get(server.url("/")).send().await.unwrap();
    assert_eq!(response.chunk().await.unwrap(), Some(Bytes::from("first")));
    assert_eq!(recorder.spans().await.len(), 0);

    more.notify_one();
    while response.chunk().await.unwrap().is_some() {}
    server.stop().await;
    expect![[r#"
        GET / SERVER http.response.status_code=200
          last_part
    "#]]
    .assert_eq(&recorder.tree(&ENDINGS).await);
}

#[tokio::test]
async fn a_body_that_fails_is_an_error() {
    let handler = || async {
        let parts: [Result<&str, std::io::Error>; 2] =
            [Ok("part"), Err(std::io::ErrorKind::Other.into())];
        Body::from_stream(stream::iter(parts))
    };
    let spans = spans_of(Router::new().route("/", get(handler)), &[("GET", "/")]);
    expect![[r#"
        GET / SERVER error(the response's body failed) http.response.status_code=200 error.type=response_body throughline.body.end=failed
    "#]]
    .assert_eq(&spans.await);
}

#[tokio::test]
async fn a_client_that_goes_away_is_no_error() {
    let recorder = Recorder::new();
    let begun = Arc::new(Notify::new());
    let notify = Arc::clone(&begun);
    let waits = get(move || async move {
        notify.notify_one();
        pending::<()>().await;
    });
    let streams = get(|| async {
        let parts = stream::once(async { Ok::<_, Infallible>("part") });
        Body::from_stream(parts.chain(stream::pending()))
    });
    let router = Router::new()
        .route("/waits", waits)
        .route("/streams", streams);
    let server = recorder.serve(router).await;

    let request = tokio::spawn(Client::new().get(server.url("/waits")).send());
    begun.notified().await;
    request.abort();
    let _aborted = request.await;

    let mut response = Client::new()
        .get(server.url("/streams"))
        .send()
        .await
        .unwrap();
    assert!(response.chunk().await.unwrap().is_some());
    drop(response);

    server.stop().await;
    expect![[r#"
        GET /waits SERVER error.type=cancelled throughline.body.end=cancelled
        GET /streams SERVER http.response.status_code=200 error.type=cancelled throughline.body.end=cancelled
    "#]]
    .assert_eq(&recorder.tree(&ENDINGS).await);
}

async fn panics() -> &'static str {
    let _span = tracing::info_span!("work").entered();
    panic!("on purpose")
}

#[tokio::test]
async fn a_panic_ends_the_span_as_an_error() {
    let spans = spans_of(Router::new().route("/", get(panics)), &[("GET", "/")]);
    expect![[r#"
        GET / SERVER error(the handler panicked) error.type=panic
          work
    "#]]
    .assert_eq(&spans.await);
}

#[tokio::test]
async fn a_panic_that_is_caught_inside_is_a_500() {
    let router = Router::new()
        .route("/", get(panics))
        .layer(CatchPanicLayer::new());
    expect![[r#"
        GET / SERVER error http.response.status_code=500 error.type=500
          work
    "#]]
    .assert_eq(&spans_of(router, &[("GET", "/")]).await);
}

#[tokio::test]
async fn a_panic_that_is_caught_outside_is_still_seen() {
    let recorder = Recorder::new();
    let router = recorder
        .telemetry
        .instrument(Router::new().route("/", get(panics)));
    let server = Server::start(router.layer(CatchPanicLayer::new())).await;
    send(&server, &[("GET", "/")]).await;
    server.stop().await;
    expect![[r#"
        GET / SERVER error(the handler panicked) error.type=panic
          work
    "#]]
    .assert_eq(&recorder.tree(&ENDINGS).await);
}

#[tokio::test]
async fn a_panic_in_a_body_ends_the_span_as_an_error() {
    let handler = || async {
        let parts =
            stream::once(async { "part" }).chain(stream::once(async { panic!("on purpose") }));
        Body::from_stream(parts.map(Ok::<&str, Infallible>))
    };
    let spans = spans_of(Router::new().route("/", get(handler)), &[("GET", "/")]);
    expect![[r#"
        GET / SERVER error(the handler panicked) http.response.status_code=200 error.type=panic
    "#]]
    .assert_eq(&spans.await);
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
            r#""trace_id":"{}","span_id":"{}","trace_flags":"01""#,
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
        ("GET", "/v10"),
    ];
    expect![[r#"
        GET SERVER http.response.status_code=200
    "#]]
    .assert_eq(&spans_of(router, &requests).await);
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
