//! CLIENT spans of real requests.

mod support;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, Query},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::{any, get},
};
use expect_test::expect;
use opentelemetry::{Context, baggage::BaggageExt, metrics::MeterProvider, trace::TraceContextExt};
use opentelemetry_sdk::{
    metrics::{
        InMemoryMetricExporter, PeriodicReader, SdkMeterProvider,
        data::{AggregatedMetrics, MetricData},
    },
    trace::SpanData,
};
use std::{collections::BTreeMap, future::pending, sync::Arc, time::Duration};
use support::{Recorder, Server, attribute};
use throughline_core::w3c::TraceParent;
use throughline_instrument::reqwest::{
    self as traced, Builder, ClientWithMiddleware, RequestBuilder, TooManyRedirects, UrlTemplate,
};
use tokio::sync::Notify;
use tracing::Instrument;

const ATTRIBUTES: [&str; 5] = [
    "http.response.status_code",
    "error.type",
    "http.request.resend_count",
    "url.template",
    "throughline.request.cancelled",
];

type Headers = BTreeMap<String, String>;

/// Answers with the headers that it got.
async fn echo(headers: HeaderMap) -> Json<Headers> {
    let headers = headers.iter();
    let text = |(name, value): (&header::HeaderName, &header::HeaderValue)| {
        (name.to_string(), value.to_str().unwrap().to_owned())
    };
    Json(headers.map(text).collect())
}

async fn redirect(Path(code): Path<u16>, Query(to): Query<BTreeMap<String, String>>) -> Response {
    let code = StatusCode::from_u16(code).unwrap();
    (code, [(header::LOCATION, to["to"].clone())]).into_response()
}

fn target() -> Router {
    let status = |Path(code): Path<u16>| async move { StatusCode::from_u16(code).unwrap() };
    let method =
        |method: axum::http::Method, body: Bytes| async move { format!("{method} {}", body.len()) };
    Router::new()
        .route("/echo", any(echo))
        .route("/method", any(method))
        .route("/status/{code}", any(status))
        .route("/redirect/{code}", any(redirect))
        .route("/circle", get(|| async { Redirect::to("/circle") }))
        .route("/never", get(pending::<()>))
}

fn client(recorder: &Recorder, change: impl FnOnce(Builder) -> Builder) -> ClientWithMiddleware {
    client_of(reqwest::Client::builder(), recorder, change)
}

fn client_of(
    client: reqwest::ClientBuilder,
    recorder: &Recorder,
    change: impl FnOnce(Builder) -> Builder,
) -> ClientWithMiddleware {
    let tracer = recorder.telemetry.tracer("test");
    let builder = traced::builder(client.no_proxy()).tracer(tracer);
    change(builder).build().unwrap()
}

async fn headers(http: &ClientWithMiddleware, url: String) -> Headers {
    let text = http.get(url).send().await.unwrap().text().await.unwrap();
    serde_json::from_str(&text).unwrap()
}

fn show(url: &str, server: &Server) -> String {
    url.replace(&server.address.port().to_string(), "PORT")
}

fn baggage(context: &Context) -> Context {
    context.with_baggage([opentelemetry::KeyValue::new("tenant", "a")])
}

/// The text of a span's attributes, in their order.
fn attributes(span: &SpanData, server: &Server) -> String {
    let lines = span.attributes.iter();
    let lines = lines.map(|it| show(&format!("{}={}\n", it.key, it.value), server));
    lines.collect()
}

#[tokio::test]
async fn a_request_is_a_span_with_the_stable_attributes() {
    let recorder = Recorder::new();
    let server = Server::start(target()).await;
    let http = client(&recorder, |it| it);
    let url = server.url("/status/200?token=secret&page=2");
    let url = url.replace("http://", "http://alice:password@");
    http.get(url)
        .with_extension(UrlTemplate("/status/{code}"))
        .send()
        .await
        .unwrap();
    let spans = recorder.spans().await;
    assert_eq!(spans[0].name, "GET /status/{code}");
    expect![[r#"
        http.request.method=GET
        server.address=127.0.0.1
        server.port=PORT
        url.template=/status/{code}
        url.full=http://127.0.0.1:PORT/status/200?token=REDACTED&page=2
        http.response.status_code=200
        network.protocol.version=1.1
        network.peer.address=127.0.0.1
        network.peer.port=PORT
    "#]]
    .assert_eq(&attributes(&spans[0], &server));
}

#[tokio::test]
async fn credentials_in_a_url_are_redacted() {
    let recorder = Recorder::new();
    let server = Server::start(target()).await;
    let http = client(&recorder, |it| it);
    // Not by the request builder, which makes a header of them.
    let url = server.url("/echo").replace("//", "//alice:password@");
    let request = reqwest::Request::new(reqwest::Method::GET, url.parse().unwrap());
    http.execute(request).await.unwrap();
    let url = attribute(&recorder.spans().await[0], "url.full").unwrap();
    assert_eq!(
        show(&url, &server),
        "http://REDACTED:REDACTED@127.0.0.1:PORT/echo"
    );
}

#[tokio::test]
async fn an_answer_of_400_and_above_is_an_error_of_the_client() {
    let recorder = Recorder::new();
    let server = Server::start(target()).await;
    let http = client(&recorder, |it| it);
    for status in ["204", "304", "404", "503"] {
        let url = server.url(&format!("/status/{status}"));
        http.get(url).send().await.unwrap();
    }
    let method = reqwest::Method::from_bytes(b"BREW").unwrap();
    let request = http.request(method, server.url("/echo"));
    request.send().await.unwrap();
    expect![[r#"
        GET CLIENT http.response.status_code=204
        GET CLIENT http.response.status_code=304
        GET CLIENT error http.response.status_code=404 error.type=404
        GET CLIENT error http.response.status_code=503 error.type=503
        HTTP CLIENT http.response.status_code=200
    "#]]
    .assert_eq(&recorder.tree(&ATTRIBUTES).await);
    let brewed = &recorder.spans().await[4];
    let original = attribute(brewed, "http.request.method_original");
    assert_eq!(original.as_deref(), Some("BREW"));
}

#[tokio::test]
async fn a_request_that_is_not_answered_has_a_class_of_error() {
    let recorder = Recorder::new();
    let server = Server::start(target()).await;
    let http = client(&recorder, |it| it);
    let soon = Duration::from_millis(1);
    let never = http.get(server.url("/never")).timeout(soon).send().await;
    assert!(never.unwrap_err().is_timeout());

    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = free.local_addr().unwrap();
    drop(free);
    let refused = http.get(format!("http://{closed}/?token=secret"));
    refused.send().await.unwrap_err();
    let unknown = http.get("http://no-such-host.invalid/").send().await;
    unknown.unwrap_err();

    let hang_up = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = hang_up.local_addr().unwrap();
    tokio::spawn(async move { drop(hang_up.accept().await) });
    let hung_up = http.get(format!("http://{address}/")).send().await;
    hung_up.unwrap_err();

    let types: Vec<String> = recorder
        .spans()
        .await
        .iter()
        .map(|span| attribute(span, "error.type").unwrap())
        .collect();
    assert_eq!(
        types,
        [
            "timeout",
            "connection_refused",
            "name_resolution",
            "connection_reset"
        ]
    );
    let text = format!("{:?}", recorder.spans().await);
    assert!(!text.contains("secret"), "{text}");
}

#[tokio::test]
async fn a_request_that_is_given_up_ends_its_span_without_an_error() {
    let recorder = Recorder::new();
    let arrived = Arc::new(Notify::new());
    let tell = Arc::clone(&arrived);
    let router = Router::new().route(
        "/",
        get(|| async move {
            tell.notify_one();
            pending::<()>().await;
        }),
    );
    let server = Server::start(router).await;
    let http = client(&recorder, |it| it);
    tokio::select! {
        _ = http.get(server.url("/")).send() => unreachable!("it never answers"),
        () = arrived.notified() => {}
    }
    expect![[r#"
        GET CLIENT throughline.request.cancelled=true
    "#]]
    .assert_eq(&recorder.tree(&ATTRIBUTES).await);
}

#[tokio::test]
async fn a_span_ends_with_the_head_even_if_nobody_reads_the_body() {
    let recorder = Recorder::new();
    let server = Server::start(target()).await;
    let http = client(&recorder, |it| it);
    let response = http.get(server.url("/echo")).send().await.unwrap();
    assert_eq!(recorder.spans().await.len(), 1);
    drop(response);
}

#[tokio::test]
async fn the_span_is_the_callers_child_and_the_parent_of_who_answers() {
    let recorder = Recorder::new();
    let server = recorder.serve(target()).await;
    let http = client(&recorder, |it| it);
    let order = async { http.get(server.url("/echo")).send().await.unwrap() };
    let response = order.instrument(tracing::info_span!("order")).await;
    response.bytes().await.unwrap();
    server.stop().await;
    expect![[r#"
        order
          GET CLIENT
            GET /echo SERVER
    "#]]
    .assert_eq(&recorder.tree(&[]).await);
}

#[tokio::test]
async fn every_host_but_the_excluded_is_told_of_the_trace() {
    let recorder = Recorder::new();
    let server = Server::start(target()).await;
    let told = headers(&client(&recorder, |it| it), server.url("/echo")).await;
    let parent = TraceParent::parse(&told["traceparent"]).unwrap();
    let span = &recorder.spans().await[0];
    assert_eq!(parent.trace_id(), span.span_context.trace_id());
    assert_eq!(parent.span_id(), span.span_context.span_id());

    let http = client(&recorder, |it| it.no_context_to(["127.0.0.1"]));
    // As a proxy does, which hands on what it was told.
    let request = http.get(server.url("/echo"));
    let request = request.header("traceparent", &told["traceparent"]);
    let untold = request.send().await.unwrap().text().await.unwrap();
    assert!(!untold.contains("traceparent"), "{untold}");
    assert_eq!(recorder.spans().await.len(), 2);
}

#[tokio::test]
async fn a_trace_that_begins_here_has_the_random_flag() {
    let recorder = Recorder::new();
    let server = Server::start(target()).await;
    let told = headers(&client(&recorder, |it| it), server.url("/echo")).await;
    assert!(told["traceparent"].ends_with("-03"), "{told:?}");

    let off = opentelemetry_sdk::trace::Sampler::AlwaysOff;
    drop(recorder);
    let recorder = Recorder::with(|it| it.sampler(off));
    let told = headers(&client(&recorder, |it| it), server.url("/echo")).await;
    assert!(told["traceparent"].ends_with("-02"), "{told:?}");
}

#[tokio::test]
async fn baggage_goes_to_the_hosts_on_the_list_only() {
    use opentelemetry::context::FutureExt;

    let recorder = Recorder::new();
    let server = Server::start(target()).await;
    let context = baggage(&Context::current());
    let http = client(&recorder, |it| it);
    let told = headers(&http, server.url("/echo")).with_context(context.clone());
    assert!(!told.await.contains_key("baggage"));

    let http = client(&recorder, |it| it.baggage_to(["127.0.0.1"]));
    let told = headers(&http, server.url("/echo")).with_context(context.clone());
    assert_eq!(told.await["baggage"], "tenant=a");

    let by_hand = http.get(server.url("/echo")).header("baggage", "own=1");
    let answer = by_hand.send().with_context(context).await.unwrap();
    let told: Headers = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    assert_eq!(told["baggage"], "own=1");
}

#[tokio::test]
async fn each_hop_of_a_redirect_is_a_span_and_is_told_of_its_own() {
    let recorder = Recorder::new();
    let server = Server::start(target()).await;
    let http = client(&recorder, |it| it.max_redirects(10));
    let url = server.url("/redirect/302?to=/redirect/307%3Fto%3D/echo");
    let request = http
        .get(url)
        .bearer_auth("token")
        .with_extension(UrlTemplate("/redirect/{code}"));
    let response = request.send().await.unwrap();
    assert!(response.url().path().ends_with("/echo"));
    let told: Headers = serde_json::from_str(&response.text().await.unwrap()).unwrap();
    expect![[r#"
        GET /redirect/{code} CLIENT http.response.status_code=302 url.template=/redirect/{code}
        GET CLIENT http.response.status_code=307 http.request.resend_count=1
        GET CLIENT http.response.status_code=200 http.request.resend_count=2
    "#]]
    .assert_eq(&recorder.tree(&ATTRIBUTES).await);
    let last = recorder.spans().await[2].span_context.span_id();
    assert!(told["traceparent"].contains(&last.to_string()));
    assert_eq!(told["authorization"], "Bearer token");
}

#[tokio::test]
async fn another_origin_gets_no_credentials_and_no_baggage() {
    use opentelemetry::context::FutureExt;

    let recorder = Recorder::new();
    let (from, to) = (Server::start(target()).await, Server::start(target()).await);
    let http = client(&recorder, |it| {
        it.baggage_to(["127.0.0.1"]).max_redirects(1)
    });
    let elsewhere = to.url("/echo").replace("127.0.0.1", "localhost");
    let mut key = reqwest::header::HeaderValue::from_static("secret");
    key.set_sensitive(true);
    let request = http
        .get(from.url(&format!("/redirect/302?to={elsewhere}")))
        .bearer_auth("token")
        .header("cookie", "session=1")
        .header("x-api-key", key)
        .header("x-request", "7");
    let answer = request.send().with_context(baggage(&Context::current()));
    let text = answer.await.unwrap().text().await.unwrap();
    let told: Headers = serde_json::from_str(&text).unwrap();
    let told: Vec<&str> = told.keys().map(String::as_str).collect();
    assert_eq!(told, ["accept", "host", "traceparent", "x-request"]);
}

#[tokio::test]
async fn another_origin_gets_none_of_the_clients_default_credentials() {
    let recorder = Recorder::new();
    let (from, to) = (Server::start(target()).await, Server::start(target()).await);
    let mut defaults = HeaderMap::new();
    defaults.insert("authorization", "Bearer secret".parse().unwrap());
    let mut key = header::HeaderValue::from_static("secret");
    key.set_sensitive(true);
    defaults.insert("x-api-key", key);
    defaults.insert("x-request", "7".parse().unwrap());
    let http = reqwest::Client::builder().default_headers(defaults);
    let http = client_of(http, &recorder, |it| it.max_redirects(3));
    let told = headers(&http, from.url("/redirect/302?to=/echo")).await;
    assert_eq!(told["authorization"], "Bearer secret");

    // There, and from there back, for nobody knows what sends it back.
    let back = from.url("/echo");
    let elsewhere = to.url(&format!("/redirect/302?to={back}"));
    for url in [to.url("/echo"), elsewhere] {
        let told = headers(&http, from.url(&format!("/redirect/302?to={url}"))).await;
        assert_eq!(told["authorization"], "");
        assert_eq!(told["x-api-key"], "");
        assert_eq!(told["x-request"], "7");
    }
}

#[tokio::test]
async fn a_redirect_changes_method_and_body_as_browsers_do() {
    let recorder = Recorder::new();
    let server = Server::start(target()).await;
    let http = client(&recorder, |it| it.max_redirects(10));
    let mut answers = Vec::new();
    for code in [301, 302, 303, 307, 308] {
        let url = server.url(&format!("/redirect/{code}?to=/method"));
        let response = http.post(url).body("body").send().await.unwrap();
        answers.push(response.text().await.unwrap());
    }
    assert_eq!(answers, ["GET 0", "GET 0", "GET 0", "POST 4", "POST 4"]);
}

#[tokio::test]
async fn the_redirect_that_is_one_too_many_is_an_error() {
    let recorder = Recorder::new();
    let server = Server::start(target()).await;
    let http = client(&recorder, |it| it.max_redirects(2));
    let error = http.get(server.url("/circle")).send().await.unwrap_err();
    let traced::Error::Middleware(error) = error else {
        panic!("{error}")
    };
    assert_eq!(error.downcast_ref(), Some(&TooManyRedirects(2)));
    let just_enough = server.url("/redirect/302?to=/redirect/302%3Fto%3D/echo");
    http.get(just_enough).send().await.unwrap();
    expect![[r#"
        GET CLIENT http.response.status_code=303
        GET CLIENT http.response.status_code=303 http.request.resend_count=1
        GET CLIENT error http.response.status_code=303 error.type=too_many_redirects http.request.resend_count=2
        GET CLIENT http.response.status_code=302
        GET CLIENT http.response.status_code=302 http.request.resend_count=1
        GET CLIENT http.response.status_code=200 http.request.resend_count=2
    "#]]
    .assert_eq(&recorder.tree(&ATTRIBUTES).await);
}

/// A client may have been told to follow none, against forged requests: of that, it says nothing.
#[tokio::test]
async fn no_redirect_is_followed_unless_that_is_asked_for() {
    let recorder = Recorder::new();
    let server = Server::start(target()).await;
    for client in [
        client(&recorder, |it| it),
        client(&recorder, |it| it.max_redirects(0)),
    ] {
        let answer = client.get(server.url("/circle")).send().await.unwrap();
        assert_eq!(answer.status(), 303);
    }
    expect![[r#"
        GET CLIENT http.response.status_code=303
        GET CLIENT http.response.status_code=303
    "#]]
    .assert_eq(&recorder.tree(&ATTRIBUTES).await);
    let as_reqwest_does = traced::client().unwrap();
    let url = server.url("/redirect/302?to=/echo");
    assert_eq!(as_reqwest_does.get(url).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn requests_are_built_as_those_of_reqwest_are() {
    let recorder = Recorder::new();
    let server = Server::start(target()).await;
    let http = client(&recorder, |it| it);
    let post = |change: fn(RequestBuilder) -> RequestBuilder| {
        let request = http.post(server.url("/method"));
        async move { change(request).send().await.unwrap().text().await.unwrap() }
    };
    assert_eq!(post(|it| it.json(&1)).await, "POST 1");
    assert_eq!(post(|it| it.form(&[("a", 1)])).await, "POST 3");
    let url = http.get(server.url("/echo")).query(&[("a", 1)]).build();
    assert_eq!(url.unwrap().url().query(), Some("a=1"));
}

/// Sends what was answered with an error once more.
struct Again;

#[async_trait::async_trait]
impl reqwest_middleware::Middleware for Again {
    async fn handle(
        &self,
        request: reqwest::Request,
        extensions: &mut axum::http::Extensions,
        next: reqwest_middleware::Next<'_>,
    ) -> reqwest_middleware::Result<reqwest::Response> {
        let again = request.try_clone().unwrap();
        let first = next.clone().run(request, extensions).await?;
        if first.status().is_success() {
            return Ok(first);
        }
        next.run(again, extensions).await
    }
}

#[tokio::test]
async fn each_retry_is_a_span_with_its_number() {
    let recorder = Recorder::new();
    let server = Server::start(target()).await;
    let http = client(&recorder, |it| it.with(Again));
    http.get(server.url("/status/503")).send().await.unwrap();
    http.get(server.url("/status/200")).send().await.unwrap();
    expect![[r#"
        GET CLIENT error http.response.status_code=503 error.type=503
        GET CLIENT error http.response.status_code=503 error.type=503 http.request.resend_count=1
        GET CLIENT http.response.status_code=200
    "#]]
    .assert_eq(&recorder.tree(&ATTRIBUTES).await);
}

#[tokio::test]
async fn an_exporters_requests_are_not_traced() {
    let recorder = Recorder::new();
    let server = Server::start(target()).await;
    let http = client(&recorder, |it| it);
    let suppressed = Context::enter_telemetry_suppressed_scope();
    let told = headers(&http, server.url("/echo")).await;
    drop(suppressed);
    assert!(!told.contains_key("traceparent"));
    assert_eq!(recorder.spans().await.len(), 0);
}

#[tokio::test]
async fn with_the_sdk_disabled_the_callers_context_passes_through() {
    use opentelemetry::context::FutureExt;

    let recorder = Recorder::with(|it| {
        it.from_vars(|name| (name == "OTEL_SDK_DISABLED").then(|| "true".to_owned()))
    });
    let server = Server::start(target()).await;
    let caller = TraceParent::parse("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    let caller = caller
        .unwrap()
        .remote(opentelemetry::trace::TraceState::NONE);
    let context = Context::new().with_remote_span_context(caller);
    let http = client(&recorder, |it| it);
    let told = headers(&http, server.url("/echo")).with_context(context);
    assert_eq!(
        told.await["traceparent"],
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    );
}

#[tokio::test]
async fn durations_and_sizes_are_measured() {
    let recorder = Recorder::new();
    let server = Server::start(target()).await;
    let exporter = InMemoryMetricExporter::default();
    let provider = SdkMeterProvider::builder()
        .with_reader(PeriodicReader::builder(exporter.clone()).build())
        .build();
    let http = client(&recorder, |it| it.meter(&provider.meter("test")));
    let send = http.post(server.url("/method")).body("12345").send();
    send.await.unwrap();
    http.get(server.url("/status/404")).send().await.unwrap();
    // Its `Content-Length` is that of a body which is not sent.
    http.head(server.url("/echo")).send().await.unwrap();
    provider.force_flush().unwrap();

    let mut text = Vec::new();
    for resource in exporter.get_finished_metrics().unwrap() {
        for metric in resource.scope_metrics().flat_map(|scope| scope.metrics()) {
            let (name, unit) = (metric.name(), metric.unit());
            match metric.data() {
                AggregatedMetrics::F64(MetricData::Histogram(data)) => {
                    for point in data.data_points() {
                        assert!(point.sum() > 0.0);
                        assert_eq!(point.bounds().count(), 14);
                        let labels = point.attributes();
                        let mut labels: Vec<_> = labels
                            .map(|it| format!("{}={}", it.key, it.value))
                            .collect();
                        labels.sort();
                        text.push(format!("{name} {unit} {}", labels.join(" ")));
                    }
                }
                AggregatedMetrics::U64(MetricData::Histogram(data)) => {
                    let sums: u64 = data.data_points().map(|point| point.sum()).sum();
                    text.push(format!("{name} {unit} {sums}"));
                }
                other => panic!("{name}: {other:?}"),
            }
        }
    }
    text.sort();
    expect![[r#"
        http.client.request.body.size By 5
        http.client.request.duration s error.type=404 http.request.method=GET http.response.status_code=404 network.protocol.version=1.1 server.address=127.0.0.1 server.port=PORT
        http.client.request.duration s http.request.method=HEAD http.response.status_code=200 network.protocol.version=1.1 server.address=127.0.0.1 server.port=PORT
        http.client.request.duration s http.request.method=POST http.response.status_code=200 network.protocol.version=1.1 server.address=127.0.0.1 server.port=PORT
        http.client.response.body.size By 6"#]]
    .assert_eq(&show(&text.join("\n"), &server));
}
