//! What anybody may send to the application's port.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message;
use throughline_collector::{BrowserSettings, OtlpSettings};

use crate::support::{PROTOBUF, Server, gzip, header, request, span};

const PATH: &str = "/browser/v1/traces";

#[tokio::test]
async fn the_spans_of_a_page_are_stored_and_marked() {
    let server = Server::start().await;
    let body = request("frontend", vec![span(1, "click")]).encode_to_vec();
    let post = server
        .post_to(PATH, PROTOBUF, body)
        .header("sec-fetch-site", "same-origin");
    assert_eq!(post.send().await.unwrap().status(), 200);
    let trace = server
        .json(&format!("/telemetry/api/traces/{:032x}", 1))
        .await;
    let mark = &trace["resourceSpans"][0]["resource"]["attributes"][1];
    assert_eq!(mark["key"], "throughline.source");
    assert_eq!(mark["value"]["stringValue"], "browser");
}

#[tokio::test]
async fn only_listed_services_and_no_server_spans_are_taken() {
    let server = Server::start().await;
    let mut body = request("frontend", vec![span(1, "click"), span(2, "forged")]);
    body.resource_spans[0].scope_spans[0].spans[1].kind = 2;
    body.resource_spans
        .extend(request("backend", vec![span(3, "forged")]).resource_spans);
    let post = server.post_to(PATH, PROTOBUF, body.encode_to_vec());
    let response = post.send().await.unwrap();
    let response = ExportTraceServiceResponse::decode(response.bytes().await.unwrap()).unwrap();
    assert_eq!(response.partial_success.unwrap().rejected_spans, 2);
    assert_eq!(server.list("").await, ["click"]);
}

#[tokio::test]
async fn pages_of_other_origins_are_refused() {
    let server = Server::start().await;
    let body = request("frontend", vec![span(1, "click")]).encode_to_vec();
    let post = server
        .post_to(PATH, PROTOBUF, body)
        .header("sec-fetch-site", "cross-site");
    assert_eq!(post.send().await.unwrap().status(), 403);
    assert!(server.list("").await.is_empty());
}

#[tokio::test]
async fn the_limit_is_1_mib_after_decompression() {
    let server = Server::start().await;
    let body = gzip(&vec![0; (1 << 20) + 1]);
    let post = server
        .post_to(PATH, PROTOBUF, body)
        .header("content-encoding", "gzip");
    assert_eq!(post.send().await.unwrap().status(), 413);
}

#[tokio::test]
async fn a_client_that_sends_too_often_is_told_when_to_come_again() {
    let browsers = BrowserSettings {
        burst: 2,
        requests_per_second: 1,
        ..Default::default()
    };
    let server = Server::start_with(OtlpSettings::default(), browsers).await;
    for _ in 0..2 {
        let post = server.post_to(PATH, PROTOBUF, "");
        assert_eq!(post.send().await.unwrap().status(), 200);
    }
    let response = server.post_to(PATH, PROTOBUF, "").send().await.unwrap();
    assert_eq!(response.status(), 429);
    assert_eq!(header(&response, "retry-after"), "1");
}
