//! What an application, or a variable, changes.

use crate::{
    spans::{ENDINGS, ok},
    support::{Recorder, Server, attribute},
};
use axum::{
    Router,
    http::{StatusCode, header},
    routing::{any, get},
};
use expect_test::expect;
use opentelemetry::{
    Context, KeyValue, TraceId,
    propagation::TextMapPropagator,
    trace::{Link, SpanKind},
};
use opentelemetry_sdk::trace::{Sampler, SamplingResult, ShouldSample};
use reqwest::{Client, Method, RequestBuilder};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};
use throughline_core::w3c::W3cPropagator;
use throughline_instrument::{
    Builder, ForwardingHeaders, HttpSettings, InstallError, init, sampling::UnsampledCallers,
};

fn http(change: impl FnOnce(HttpSettings) -> HttpSettings) -> Recorder {
    Recorder::with(|builder| builder.http(change))
}

fn variables(builder: Builder, variables: &'static [(&'static str, &'static str)]) -> Builder {
    builder.from_vars(|name| {
        let found = variables.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| (*value).to_owned())
    })
}

async fn send(request: RequestBuilder) {
    request.send().await.unwrap().bytes().await.unwrap();
}

async fn get_from(server: &Server, paths: &[&str]) {
    for path in paths {
        send(Client::new().get(server.url(path))).await;
    }
}

const ENDS: [&str; 5] = [
    "url.scheme",
    "server.address",
    "server.port",
    "client.address",
    "network.peer.address",
];

async fn forwarded(recorder: &Recorder) -> String {
    let server = recorder.serve(Router::new().route("/", get(ok))).await;
    let request = Client::new()
        .get(server.url("/"))
        .header("host", "inner:81")
        .header("x-forwarded-for", "6.6.6.6, 192.0.2.7")
        .header("x-forwarded-proto", "https")
        .header("x-forwarded-host", "shop.example:8443")
        .header("forwarded", "for=6.6.6.6, for=192.0.2.8;proto=https");
    send(request).await;
    server.stop().await;
    recorder.tree(&ENDS).await
}

#[tokio::test]
async fn forwarding_headers_are_read_from_trusted_proxies_only() {
    let changes: [fn(HttpSettings) -> HttpSettings; 2] = [
        |http| http,
        |http| http.trusted_proxies(["10.0.0.0/8", "::1"]),
    ];
    for change in changes {
        let recorder = http(change);
        expect![[r#"
            GET / SERVER url.scheme=http server.address=inner server.port=81 client.address=127.0.0.1 network.peer.address=127.0.0.1
        "#]]
        .assert_eq(&forwarded(&recorder).await);
    }
}

#[tokio::test]
async fn a_trusted_proxy_tells_of_client_server_and_scheme() {
    let told = expect![[r#"
        GET / SERVER url.scheme=https server.address=shop.example server.port=8443 client.address=192.0.2.7 network.peer.address=127.0.0.1
    "#]];
    let recorder = http(|http| http.trusted_proxies(["10.0.0.0/8", "127.0.0.1"]));
    told.assert_eq(&forwarded(&recorder).await);
    drop(recorder); // two would wait for each other
    let proxies = &[("OTEL_RUST_HTTP_TRUSTED_PROXIES", "10.0.0.0/8, 127.0.0.0/8")];
    let recorder = Recorder::with(|builder| variables(builder, proxies));
    told.assert_eq(&forwarded(&recorder).await);
}

#[tokio::test]
async fn the_standard_header_is_read_where_the_proxies_write_it() {
    let changes: [fn(Builder) -> Builder; 2] = [
        |builder| builder.http(|http| http.forwarding_headers(ForwardingHeaders::Forwarded)),
        |builder| {
            variables(
                builder,
                &[("OTEL_RUST_HTTP_FORWARDING_HEADERS", "Forwarded")],
            )
        },
    ];
    for change in changes {
        let trusting =
            |builder: Builder| change(builder).http(|http| http.trusted_proxies(["127.0.0.1"]));
        let recorder = Recorder::with(trusting);
        expect![[r#"
            GET / SERVER url.scheme=https server.address=inner server.port=81 client.address=192.0.2.8 network.peer.address=127.0.0.1
        "#]]
        .assert_eq(&forwarded(&recorder).await);
    }
}

#[tokio::test]
async fn urls_that_match_a_pattern_are_excluded() {
    let paths = [
        "/client/7/info",
        "/live",
        "/live/7",
        "/?next=/live",
        "/v1/logs",
    ];
    let of = async |change: fn(Builder) -> Builder| {
        let recorder = Recorder::with(change);
        let server = recorder.serve(Router::new().fallback(ok)).await;
        get_from(&server, &paths).await;
        server.stop().await;
        recorder.tree(&["url.path"]).await
    };
    let rest = expect![[r#"
        GET SERVER url.path=/live/7
        GET SERVER url.path=/
    "#]];
    let by_code =
        |builder: Builder| builder.http(|http| http.excluded_urls(["/client/.*/info", "^/live$"]));
    rest.assert_eq(&of(by_code).await);
    let by_variable = |builder| {
        let list = &[("OTEL_RUST_EXCLUDED_URLS", "client/.*/info, live$")];
        variables(builder, list)
    };
    rest.assert_eq(&of(by_variable).await);
}

#[tokio::test]
async fn a_client_cannot_exclude_itself_by_its_host() {
    let recorder = http(|http| http.excluded_urls(["healthcheck"]));
    let server = recorder.serve(Router::new().route("/admin", get(ok))).await;
    let request = Client::new().get(server.url("/admin"));
    send(request.header("host", "healthcheck")).await;
    server.stop().await;
    assert_eq!(recorder.spans().await.len(), 1);
}

#[tokio::test]
async fn the_methods_that_are_known_are_a_setting() {
    let list = &[("OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS", "GET, PURGE")];
    let recorder = Recorder::with(|builder| variables(builder, list));
    let server = recorder.serve(Router::new().route("/", any(ok))).await;
    for method in ["GET", "PURGE", "POST"] {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        send(Client::new().request(method, server.url("/"))).await;
    }
    server.stop().await;
    expect![[r#"
        GET / SERVER http.request.method=GET
        PURGE / SERVER http.request.method=PURGE
        HTTP / SERVER http.request.method=_OTHER http.request.method_original=POST
    "#]]
    .assert_eq(
        &recorder
            .tree(&["http.request.method", "http.request.method_original"])
            .await,
    );
}

#[tokio::test]
async fn headers_are_captured_where_that_is_asked_for() {
    let recorder = Recorder::with(|builder| {
        let capture = &[
            (
                "OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_REQUEST",
                "X-Request-ID,Authorization,x-user-.*",
            ),
            (
                "OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_RESPONSE",
                "set-cookie,content-type",
            ),
            (
                "OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SANITIZE_FIELDS",
                "x-user-mail",
            ),
        ];
        variables(builder, capture).http(|http| http.capture_request_headers(["accept"]))
    });
    let handler = || async { ([(header::SET_COOKIE, "session=secret")], "ok") };
    let server = recorder.serve(Router::new().route("/", get(handler))).await;
    let request = Client::new()
        .get(server.url("/"))
        .header("x-request-id", "1")
        .header("x-request-id", "2")
        .header("authorization", "Bearer secret")
        .header("x-user-mail", "secret@example.com")
        .header("x-user-plan", "free");
    send(request).await;
    server.stop().await;

    let spans = recorder.spans().await;
    let mut headers: Vec<_> = spans[0]
        .attributes
        .iter()
        .filter(|it| it.key.as_str().contains(".header."))
        .map(|it| format!("{}={}\n", it.key, it.value))
        .collect();
    headers.sort();
    expect![[r#"
        http.request.header.authorization=["REDACTED"]
        http.request.header.x-request-id=["1","2"]
        http.request.header.x-user-mail=["REDACTED"]
        http.request.header.x-user-plan=["free"]
        http.response.header.content-type=["text/plain; charset=utf-8"]
        http.response.header.set-cookie=["REDACTED"]
    "#]]
    .assert_eq(&headers.concat());
}

#[tokio::test]
async fn a_header_is_recorded_as_it_is_only_if_the_application_says_so() {
    let recorder = http(|http| {
        let none: [&str; 0] = [];
        http.capture_request_headers(["authorization"])
            .sanitized_headers(none)
    });
    let server = recorder.serve(Router::new().route("/", get(ok))).await;
    let request = Client::new().get(server.url("/"));
    send(request.header("authorization", "Bearer it-is-wanted")).await;
    server.stop().await;
    let spans = recorder.spans().await;
    let header = attribute(&spans[0], "http.request.header.authorization");
    assert_eq!(header.as_deref(), Some(r#"["Bearer it-is-wanted"]"#));
}

#[tokio::test]
async fn hooks_set_attributes_and_their_panics_harm_nothing() {
    let recorder = http(|http| {
        http.on_request(|_, _| panic!("on purpose"))
            .on_request(|span, request| {
                let tenant = request.headers()["x-tenant"].to_str().unwrap().to_owned();
                span.set_attribute(KeyValue::new("tenant", tenant));
            })
            .on_response(|span, response| {
                let is_text = response.headers().contains_key(header::CONTENT_TYPE);
                span.set_attribute(KeyValue::new("is_text", is_text));
            })
            .on_response(|_, _| panic!("on purpose"))
    });
    let server = recorder.serve(Router::new().route("/", get(ok))).await;
    send(Client::new().get(server.url("/")).header("x-tenant", "a")).await;
    send(Client::new().get(server.url("/"))).await;
    server.stop().await;
    expect![[r#"
        GET / SERVER http.response.status_code=200 tenant=a is_text=true
        GET / SERVER http.response.status_code=200 is_text=true
    "#]]
    .assert_eq(
        &recorder
            .tree(&[
                "http.response.status_code",
                "tenant",
                "is_text",
                "error.type",
            ])
            .await,
    );
}

#[tokio::test]
async fn the_callers_faults_are_errors_if_the_application_says_so() {
    let status = |code: StatusCode| get(move || async move { code });
    let router = || {
        Router::new()
            .route("/ok", get(ok))
            .route("/moved", status(StatusCode::SEE_OTHER))
            .route("/bad", status(StatusCode::BAD_REQUEST))
            .route("/gateway", status(StatusCode::BAD_GATEWAY))
    };
    let changes: [fn(Builder) -> Builder; 2] = [
        |builder| builder.http(|http| http.error_from(400)),
        |builder| variables(builder, &[("OTEL_RUST_HTTP_SERVER_ERROR_FROM", "400")]),
    ];
    for change in changes {
        let recorder = Recorder::with(change);
        let server = recorder.serve(router()).await;
        get_from(&server, &["/ok", "/moved", "/bad", "/gateway"]).await;
        server.stop().await;
        expect![[r#"
            GET /ok SERVER http.response.status_code=200
            GET /moved SERVER http.response.status_code=303
            GET /bad SERVER error http.response.status_code=400 error.type=400
            GET /gateway SERVER error http.response.status_code=502 error.type=502
        "#]]
        .assert_eq(&recorder.tree(&ENDINGS).await);
    }
}

#[test]
fn a_setting_that_makes_no_sense_is_refused_with_its_reason() {
    let refused = |builder: Builder| match builder.build() {
        Err(error @ InstallError::Http(_)) => error.to_string(),
        other => panic!("{other:?}"),
    };
    let error = refused(init("test").http(|http| http.trusted_proxies(["10.0.0.0/40"])));
    expect!["`10.0.0.0/40` is neither an IP address nor a network such as `10.0.0.0/8`: check the trusted proxies"]
        .assert_eq(&error);
    let variable = &[("OTEL_RUST_EXCLUDED_URLS", "live, (")];
    let error = refused(variables(init("test"), variable));
    assert!(
        error.starts_with("one of `live,(` is no regular expression: "),
        "{error}"
    );
    let variable = &[("OTEL_RUST_HTTP_FORWARDING_HEADERS", "x-real-ip")];
    expect!["OTEL_RUST_HTTP_FORWARDING_HEADERS is neither `x-forwarded` nor `forwarded`"]
        .assert_eq(&refused(variables(init("test"), variable)));
}

#[test]
fn a_lowest_status_that_is_no_number_is_warned_about() {
    let recorder = Recorder::with(|builder| {
        variables(builder, &[("OTEL_RUST_HTTP_SERVER_ERROR_FROM", "4xx")])
    });
    let warning = recorder.log().concat();
    assert!(
        warning.contains("OTEL_RUST_HTTP_SERVER_ERROR_FROM is ignored"),
        "{warning}"
    );
}

/// Keeps everything, and what it was shown.
#[derive(Clone, Debug, Default)]
struct Shown(Arc<Mutex<Vec<String>>>);

impl ShouldSample for Shown {
    fn should_sample(
        &self,
        parent: Option<&Context>,
        trace: TraceId,
        name: &str,
        kind: &SpanKind,
        attributes: &[KeyValue],
        links: &[Link],
    ) -> SamplingResult {
        let keys = attributes.iter().map(|it| it.key.to_string());
        self.0.lock().unwrap().extend(keys);
        Sampler::AlwaysOn.should_sample(parent, trace, name, kind, attributes, links)
    }
}

#[tokio::test]
async fn a_sampler_sees_all_that_the_request_says() {
    let shown = Shown::default();
    let sampler = shown.clone();
    let recorder = Recorder::with(|builder| {
        let builder = builder.sampler(sampler);
        builder.http(|http| http.capture_request_headers(["x-debug"]))
    });
    let server = recorder.serve(Router::new().route("/", get(ok))).await;
    let request = Client::new().get(server.url("/?a=b"));
    send(request.header("user-agent", "test").header("x-debug", "1")).await;
    server.stop().await;
    let mut keys = shown.0.lock().unwrap().clone();
    keys.sort();
    let expected = [
        "client.address",
        "http.request.header.x-debug",
        "http.request.method",
        "http.route",
        "network.peer.address",
        "network.peer.port",
        "network.protocol.version",
        "server.address",
        "server.port",
        "url.path",
        "url.query",
        "url.scheme",
        "user_agent.original",
    ];
    assert_eq!(keys, expected);
}

/// The `traceparent` that a handler would send on.
async fn sent_on() -> String {
    let inner = tracing::info_span!("inner");
    inner.in_scope(|| {
        let mut headers = HashMap::new();
        W3cPropagator::new().inject_context(&Context::current(), &mut headers);
        headers["traceparent"].clone()
    })
}

#[tokio::test]
async fn a_trace_that_begins_here_has_a_random_id_and_says_so() {
    for (sampler, flags) in [(Sampler::AlwaysOn, "-03"), (Sampler::AlwaysOff, "-02")] {
        let recorder = Recorder::with(|builder| builder.sampler(sampler));
        let server = recorder.serve(Router::new().route("/", get(sent_on))).await;
        let response = Client::new().get(server.url("/")).send().await.unwrap();
        let timing = response.headers()["server-timing"].to_str().unwrap();
        assert!(timing.ends_with(&format!("{flags}\"")), "{timing}");
        let trace_id = timing[15..47].to_owned();
        let sent_on = response.text().await.unwrap();
        assert!(sent_on.contains(&trace_id), "{sent_on} {trace_id}");
        assert!(sent_on.ends_with(flags), "{sent_on}");
        server.stop().await;
    }
}

#[tokio::test]
async fn a_trace_that_is_continued_keeps_the_flag_that_it_came_with() {
    let respectful = |builder: Builder| builder.unsampled_callers(UnsampledCallers::Respect);
    let recorder = Recorder::with(respectful);
    let server = recorder.serve(Router::new().route("/", get(sent_on))).await;
    for flags in ["00", "01", "02", "03"] {
        let parent = format!("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-{flags}");
        let request = Client::new().get(server.url("/"));
        let response = request.header("traceparent", parent).send().await.unwrap();
        assert!(
            response
                .text()
                .await
                .unwrap()
                .ends_with(&format!("-{flags}"))
        );
    }
    server.stop().await;
}
