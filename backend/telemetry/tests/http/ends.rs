//! How an exchange ends, and what its span says of it.

use crate::{
    spans::{ENDINGS, ok, send, spans_of},
    support::{Recorder, Server},
};
use axum::{
    Router,
    body::{Body, Bytes},
    http::StatusCode,
    routing::get,
};
use expect_test::expect;
use futures_util::{StreamExt, stream};
use opentelemetry_sdk::trace::SpanData;
use reqwest::Client;
use std::{convert::Infallible, future::pending, sync::Arc};
use tokio::sync::Notify;
use tower_http::catch_panic::CatchPanicLayer;

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
    // A proxy hands on what it got.
    let nothing = stream::empty::<Result<&str, Infallible>>;
    let announced =
        move || async move { ([("content-length", "0")], Body::from_stream(nothing())) };
    let router = Router::new()
        .route("/text", get(ok))
        .route("/stream", get(stream))
        .route("/announced", get(announced))
        .route("/empty", get(|| async { StatusCode::NO_CONTENT }));
    let requests = [
        ("HEAD", "/text"),
        ("HEAD", "/stream"),
        ("GET", "/empty"),
        ("GET", "/announced"),
        ("GET", "/stream"),
    ];
    expect![[r#"
        HEAD /text SERVER http.response.status_code=200
        HEAD /stream SERVER http.response.status_code=200
        GET /empty SERVER http.response.status_code=204
        GET /announced SERVER http.response.status_code=200
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

/// What tells of what was left undone.
struct Guard(&'static str);

impl Drop for Guard {
    fn drop(&mut self) {
        tracing::warn!("{} given up", self.0);
    }
}

#[tokio::test]
async fn what_is_dropped_with_an_exchange_logs_with_its_ids() {
    let recorder = Recorder::new();
    let begun = Arc::new(Notify::new());
    let notify = Arc::clone(&begun);
    let waits = get(move || async move {
        let _guard = Guard("handler");
        notify.notify_one();
        pending::<()>().await;
    });
    let streams = get(|| async {
        let guard = Guard("body");
        let parts = stream::once(async { Ok::<_, Infallible>("part") });
        Body::from_stream(parts.chain(stream::once(async move {
            pending::<()>().await;
            drop(guard);
            Ok("last")
        })))
    });
    let router = Router::new()
        .route("/waits", waits)
        .route("/streams", streams);
    let server = recorder.serve(router).await;
    let request = tokio::spawn(Client::new().get(server.url("/waits")).send());
    begun.notified().await;
    request.abort();
    let _aborted = request.await;
    let streaming = Client::new().get(server.url("/streams")).send().await;
    drop(streaming.unwrap());
    server.stop().await;

    let spans = recorder.spans().await;
    let log = recorder.log();
    for what in ["handler", "body"] {
        let line = log.iter().find(|line| line.contains(what)).unwrap();
        let of = |span: &SpanData| line.contains(&span.span_context.span_id().to_string());
        assert!(spans.iter().any(of), "{line}");
    }
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
        .trace(Router::new().route("/", get(panics)));
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
