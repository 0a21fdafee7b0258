//! OTLP/HTTP 1.11, row by row.

use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message;
use reqwest::Response;
use throughline_collector::{BrowserSettings, OtlpSettings};

use crate::support::{PROTOBUF, Server, gzip, header, json, request, span};

const JSON: &str = "application/json";

/// `google.rpc.Status`, as far as it is looked at here.
#[derive(Clone, PartialEq, Message)]
struct RpcStatus {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
}

fn good() -> Vec<u8> {
    request("service", vec![span(1, "good")]).encode_to_vec()
}

/// Status, and the code in a body of the type that was sent; it has a message, too.
async fn failure(response: Response) -> (u16, i32) {
    let status = response.status().as_u16();
    let rpc = match header(&response, "content-type") {
        PROTOBUF => RpcStatus::decode(response.bytes().await.unwrap()).unwrap(),
        JSON => {
            let body = json(response).await;
            let code = i32::try_from(body["code"].as_i64().unwrap()).unwrap();
            RpcStatus {
                code,
                message: body["message"].as_str().unwrap().to_owned(),
            }
        }
        other => panic!("{other}"),
    };
    assert!(!rpc.message.is_empty());
    (status, rpc.code)
}

async fn success(response: Response) -> ExportTraceServiceResponse {
    assert_eq!(response.status(), 200);
    assert_eq!(header(&response, "content-type"), PROTOBUF);
    ExportTraceServiceResponse::decode(response.bytes().await.unwrap()).unwrap()
}

#[tokio::test]
async fn spans_in_protobuf_are_stored() {
    let server = Server::start().await;
    let response = success(server.post(PROTOBUF, good()).send().await.unwrap()).await;
    assert_eq!(response, ExportTraceServiceResponse::default());
    assert_eq!(server.list("").await, ["good"]);
}

#[tokio::test]
async fn spans_in_json_are_stored_whatever_its_parameters() {
    let server = Server::start().await;
    let body = r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{
        "traceId":"5B8EFFF798038103D269B633813FC60C","spanId":"EEE19B7EC3C1B174","name":"from JSON",
        "startTimeUnixNano":"1544712660000000000","endTimeUnixNano":1544712661000000000,
        "attributes":[{"key":"empty","value":{}}]}]}]}]}"#;
    let request = server.post("Application/JSON; charset=utf-8", body);
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(header(&response, "content-type"), JSON);
    assert_eq!(
        response.text().await.unwrap(),
        "{}",
        "partialSuccess is not set on full success"
    );
    assert_eq!(server.list("").await, ["from JSON"]);
}

#[tokio::test]
async fn gzip_is_inflated_in_one_or_more_members() {
    let server = Server::start().await;
    let (first, second) = (
        good(),
        request("service", vec![span(2, "second")]).encode_to_vec(),
    );
    let members = [gzip(&first), gzip(&second)].concat(); // protobuf messages may be put together
    let request = server
        .post(PROTOBUF, members)
        .header("content-encoding", "gzip");
    success(request.send().await.unwrap()).await;
    assert_eq!(server.list("").await, ["second", "good"]);
}

#[tokio::test]
async fn empty_requests_succeed() {
    let server = Server::start().await;
    success(server.post(PROTOBUF, "").send().await.unwrap()).await;
    assert_eq!(server.post(JSON, "{}").send().await.unwrap().status(), 200);
    let request = server
        .post(PROTOBUF, gzip(b""))
        .header("content-encoding", "gzip");
    success(request.send().await.unwrap()).await;
}

#[tokio::test]
async fn bad_input_is_refused_and_changes_nothing() {
    let server = Server::start().await;
    let cut = gzip(&good());
    let cut = cut[..cut.len() - 5].to_vec();
    let damaged = good().iter().rev().copied().collect::<Vec<_>>();
    let post = |content_type, body: Vec<u8>| server.post(content_type, body);
    let gzipped = |body| post(PROTOBUF, body).header("content-encoding", "gzip");
    let url = format!("{}/v1/traces", server.base);
    let cases = [
        (
            "not protobuf",
            post(PROTOBUF, b"this is not protobuf".to_vec()),
            (400, 3),
        ),
        ("damaged protobuf", post(PROTOBUF, damaged), (400, 3)),
        (
            "cut protobuf",
            post(PROTOBUF, good()[..20].to_vec()),
            (400, 3),
        ),
        (
            "not JSON",
            post(JSON, b"{\"resourceSpans\":".to_vec()),
            (400, 3),
        ),
        (
            "JSON of another shape",
            post(JSON, b"[]".to_vec()),
            (400, 3),
        ),
        ("cut gzip", gzipped(cut), (400, 3)),
        ("not gzip", gzipped(good()), (400, 3)),
        (
            "unknown encoding",
            post(PROTOBUF, good()).header("content-encoding", "br"),
            (415, 3),
        ),
        ("unknown type", post("text/plain", good()), (415, 3)),
        ("no type", server.client.post(&url).body(good()), (415, 3)),
        ("GET", server.client.get(&url), (405, 12)),
        (
            "PUT",
            server
                .client
                .put(&url)
                .header("content-type", PROTOBUF)
                .body(good()),
            (405, 12),
        ),
        (
            "OPTIONS",
            server.client.request(reqwest::Method::OPTIONS, &url),
            (405, 12),
        ),
    ];
    for (what, request, expected) in cases {
        assert_eq!(
            failure(request.send().await.unwrap()).await,
            expected,
            "{what}"
        );
    }
    assert!(server.list("").await.is_empty());
}

#[tokio::test]
async fn a_failure_has_the_encoding_of_its_request() {
    let server = Server::start().await;
    for content_type in [PROTOBUF, JSON] {
        let response = server.post(content_type, "?").send().await.unwrap();
        assert_eq!(header(&response, "content-type"), content_type);
    }
    let response = server
        .client
        .put(format!("{}/v1/traces", server.base))
        .send()
        .await
        .unwrap();
    assert_eq!(header(&response, "allow"), "POST");
}

#[tokio::test]
async fn a_body_of_100_mb_is_too_large() {
    let server = Server::start().await;
    let body = vec![0; 100 << 20];
    let response = server.post(PROTOBUF, body).send().await.unwrap();
    assert_eq!(failure(response).await, (413, 8));
}

#[tokio::test]
async fn a_gzip_bomb_is_too_large() {
    let server = Server::start().await;
    let bomb = gzip(&vec![0; 80 << 20]);
    assert!(bomb.len() < 1 << 20);
    let request = server
        .post(PROTOBUF, bomb)
        .header("content-encoding", "gzip");
    assert_eq!(failure(request.send().await.unwrap()).await, (413, 8));
}

#[tokio::test]
async fn a_body_of_unknown_length_is_too_large_when_it_is() {
    let otlp = OtlpSettings {
        max_body_bytes: 1000,
        ..OtlpSettings::default()
    };
    let server = Server::start_with(otlp, BrowserSettings::default()).await;
    // Empty gzip members: nothing comes out of them, however many there are.
    let members = gzip(b"").repeat(100);
    let request = server
        .post(PROTOBUF, members)
        .header("content-encoding", "gzip");
    assert_eq!(failure(request.send().await.unwrap()).await, (413, 8));
}

#[tokio::test]
async fn when_memory_is_full_the_client_is_asked_to_come_again() {
    use tokio::io::AsyncWriteExt;

    let server = Server::start_with_memory(4096).await;
    let too_large = server.post(PROTOBUF, vec![0; 5000]).send().await.unwrap();
    assert_eq!(failure(too_large).await, (413, 8), "it would never fit");

    let mut slow = tokio::net::TcpStream::connect(server.base.trim_start_matches("http://"))
        .await
        .unwrap();
    let head = "POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-length: 4000\r\n\
                content-type: application/json\r\n\r\n";
    slow.write_all(head.as_bytes()).await.unwrap();
    slow.write_all(&[b' '; 3999]).await.unwrap();
    let refused = loop {
        let response = server.post(JSON, vec![b' '; 2000]).send().await.unwrap();
        if response.status() != 400 {
            break response; // the slow body is there
        }
    };
    assert_eq!(header(&refused, "retry-after"), "1");
    assert_eq!(failure(refused).await, (503, 14));

    drop(slow);
    while server.post(PROTOBUF, good()).send().await.unwrap().status() != 200 {}
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let otlp = OtlpSettings {
        body_timeout: Duration::from_millis(20),
        ..OtlpSettings::default()
    };
    let server = Server::start_with(otlp, BrowserSettings::default()).await;
    let address = server.base.trim_start_matches("http://");
    let mut connection = tokio::net::TcpStream::connect(address).await.unwrap();
    let head = "POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\
                content-type: application/json\r\n\r\n{";
    connection.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    connection.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 408");
}

#[tokio::test]
async fn spans_with_invalid_ids_are_rejected_and_the_others_stored() {
    let server = Server::start().await;
    let mut spans = vec![
        span(1, "good"),
        span(2, "a"),
        span(3, "b"),
        span(4, "c"),
        span(5, "d"),
    ];
    spans[1].trace_id.pop();
    spans[2].span_id = vec![0; 8];
    spans[3].trace_id.clear();
    spans[4].parent_span_id = vec![1; 3];
    let body = request("service", spans).encode_to_vec();
    let response = success(server.post(PROTOBUF, body).send().await.unwrap()).await;
    let partial = response.partial_success.unwrap();
    assert_eq!(partial.rejected_spans, 4);
    assert!(
        partial.error_message.contains("id"),
        "{}",
        partial.error_message
    );
    assert_eq!(server.list("").await, ["good"]);
}

#[tokio::test]
async fn rejected_spans_are_counted_in_json_as_text() {
    let server = Server::start().await;
    let body = r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"zz","spanId":"01"}]}]}]}"#;
    let response = json(server.post(JSON, body).send().await.unwrap()).await;
    assert_eq!(response["partialSuccess"]["rejectedSpans"], "1");
}

#[tokio::test]
async fn a_closed_collector_asks_to_come_again() {
    let server = Server::start().await;
    server.collector.close().await;
    let response = server.post(PROTOBUF, good()).send().await.unwrap();
    assert_eq!(header(&response, "retry-after"), "5");
    assert_eq!(failure(response).await, (503, 14));
}

#[tokio::test]
async fn a_receiver_with_a_key_takes_nothing_without_it() {
    let otlp = OtlpSettings {
        key: Some("key".to_owned()),
        ..OtlpSettings::default()
    };
    let server = Server::start_with(otlp, BrowserSettings::default()).await;
    let response = server.post(PROTOBUF, good()).send().await.unwrap();
    assert_eq!(failure(response).await, (401, 16));
    let response = server
        .post(PROTOBUF, good())
        .bearer_auth("kex")
        .send()
        .await
        .unwrap();
    assert_eq!(failure(response).await, (401, 16));
    success(
        server
            .post(PROTOBUF, good())
            .bearer_auth("key")
            .send()
            .await
            .unwrap(),
    )
    .await;
}
