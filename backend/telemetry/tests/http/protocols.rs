//! HTTP/1.1 and HTTP/2, and what is no plain request and answer.

use crate::{
    spans::{ENDINGS, ok},
    support::{Recorder, Server, attribute},
};
use axum::{
    Router,
    body::{Body, Bytes},
    extract::Request,
    http::{HeaderMap, StatusCode, header},
    response::sse::{Event, Sse},
    routing::{any, get},
};
use expect_test::expect;
use futures_util::stream;
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo};
use reqwest::Client;
use std::convert::Infallible;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

type Http2 = hyper::client::conn::http2::SendRequest<Empty<Bytes>>;

async fn http2(server: &Server) -> Http2 {
    let stream = TcpStream::connect(server.address).await.unwrap();
    let (sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
    tokio::spawn(connection);
    sender
}

fn request(server: &Server, method: &str, path: &str) -> http::Request<Empty<Bytes>> {
    let request = Request::builder().method(method).uri(server.url(path));
    request.body(Empty::new()).unwrap()
}

#[tokio::test]
async fn exchanges_of_one_http_2_connection_have_a_span_each() {
    let recorder = Recorder::new();
    let parts = || async {
        let parts = ["a", "b", "c"].map(Ok::<_, Infallible>);
        Body::from_stream(stream::iter(parts))
    };
    let router = Router::new()
        .route("/text", get(ok))
        .route("/stream", get(parts))
        .route("/trailers", get(trailers))
        .route("/empty", get(|| async { StatusCode::NO_CONTENT }));
    let server = recorder.serve(router).await;
    let mut client = http2(&server).await;
    for (method, path) in [
        ("GET", "/text"),
        ("HEAD", "/text"),
        ("GET", "/stream"),
        ("GET", "/trailers"),
        ("DELETE", "/text"),
        ("GET", "/empty"),
        ("GET", "/nowhere"),
    ] {
        let response = client.send_request(request(&server, method, path)).await;
        let body = response.unwrap().into_body();
        body.collect().await.unwrap();
    }
    drop(client);
    let port = server.address.port().to_string();
    server.stop().await;
    expect![[r#"
        GET /text SERVER http.response.status_code=200
        HEAD /text SERVER http.response.status_code=200
        GET /stream SERVER http.response.status_code=200
        GET /trailers SERVER http.response.status_code=200
        DELETE /text SERVER http.response.status_code=405
        GET /empty SERVER http.response.status_code=204
        GET SERVER http.response.status_code=404
    "#]]
    .assert_eq(&recorder.tree(&ENDINGS).await);
    for span in recorder.spans().await {
        let of = |name| attribute(&span, name);
        assert_eq!(of("network.protocol.version").as_deref(), Some("2"));
        assert_eq!(of("server.address").as_deref(), Some("127.0.0.1"));
        assert_eq!(of("server.port").as_ref(), Some(&port));
        assert_eq!(of("url.scheme").as_deref(), Some("http"));
    }
}

/// As gRPC answers.
async fn trailers() -> Body {
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", 0.into());
    let body = http_body_util::Full::new(Bytes::from_static(b"message"));
    Body::new(body.with_trailers(async { Some(Ok(trailers)) }))
}

#[tokio::test]
async fn an_http_2_stream_that_the_client_resets_is_cancelled() {
    let recorder = Recorder::new();
    let endless = || async {
        let parts = stream::repeat_with(|| Ok::<_, Infallible>("part"));
        Body::from_stream(parts)
    };
    let server = recorder
        .serve(Router::new().route("/endless", get(endless)))
        .await;
    let mut client = http2(&server).await;
    let response = client.send_request(request(&server, "GET", "/endless"));
    let mut body = response.await.unwrap().into_body();
    assert!(body.frame().await.unwrap().unwrap().is_data());
    drop(body);
    drop(client);
    server.stop().await;
    expect![[r#"
        GET /endless SERVER http.response.status_code=200 error.type=cancelled throughline.body.end=cancelled
    "#]]
    .assert_eq(&recorder.tree(&ENDINGS).await);
}

#[tokio::test]
async fn server_sent_events_are_one_exchange_to_the_last_event() {
    let recorder = Recorder::new();
    let events = || async {
        let events = ["one", "two"].map(|text| Ok::<_, Infallible>(Event::default().data(text)));
        Sse::new(stream::iter(events))
    };
    let server = recorder
        .serve(Router::new().route("/events", get(events)))
        .await;
    let response = Client::new().get(server.url("/events")).send().await;
    let text = response.unwrap().text().await.unwrap();
    assert_eq!(text, "data: one\n\ndata: two\n\n");
    server.stop().await;
    expect![[r#"
        GET /events SERVER http.response.status_code=200
    "#]]
    .assert_eq(&recorder.tree(&ENDINGS).await);
}

#[tokio::test]
async fn an_upgrade_to_a_websocket_ends_the_exchange_and_leaves_the_connection_alone() {
    let recorder = Recorder::new();
    let router = Router::new().route("/socket", any(echo_socket));
    let server = recorder.serve(router).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let handshake = "GET /socket HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
        sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stream.write_all(handshake.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    assert!(head.starts_with(b"HTTP/1.1 101"));
    expect![[r#"
        GET /socket SERVER http.response.status_code=101
    "#]]
    .assert_eq(&recorder.tree(&ENDINGS).await);

    stream.write_all(b"frame").await.unwrap();
    let mut frame = [0; 5];
    stream.read_exact(&mut frame).await.unwrap();
    assert_eq!(&frame, b"frame");
    drop(stream);
    server.stop().await;
    assert_eq!(recorder.spans().await.len(), 1);
}

/// What a WebSocket library does: it answers 101, and takes the connection over.
async fn echo_socket(request: Request) -> (StatusCode, HeaderMap) {
    tokio::spawn(async {
        let upgraded = hyper::upgrade::on(request).await.unwrap();
        let mut socket = TokioIo::new(upgraded);
        let mut frame = [0; 5];
        socket.read_exact(&mut frame).await.unwrap();
        socket.write_all(&frame).await.unwrap();
    });
    let mut headers = HeaderMap::new();
    headers.insert(header::CONNECTION, "upgrade".parse().unwrap());
    headers.insert(header::UPGRADE, "websocket".parse().unwrap());
    (StatusCode::SWITCHING_PROTOCOLS, headers)
}
