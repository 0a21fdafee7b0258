//! The list of traces and one trace, over HTTP.

use opentelemetry_proto::tonic::trace::v1::{Span, Status};

use crate::support::{Server, header, json, request, span};

#[tokio::test]
async fn a_trace_in_the_list_has_what_the_list_shows() {
    let server = Server::start().await;
    let error = Some(Status {
        code: 2,
        message: String::new(),
    });
    let child = Span {
        trace_id: span(1, "").trace_id,
        parent_span_id: span(1, "").span_id,
        status: error,
        ..span(7, "SELECT users")
    };
    server
        .ingest(&request(
            "backend",
            vec![Span {
                start_time_unix_nano: 2_000_000_000,
                ..child
            }],
        ))
        .await;
    server
        .ingest(&request("frontend", vec![span(1, "click sign-in")]))
        .await;
    let list = server.json("/telemetry/api/traces").await;
    let expected = serde_json::json!({
        "traces": [{
            "trace_id": "00000000000000000000000000000001",
            "root_name": "click sign-in",
            "root_service": "frontend",
            "start_unix_nano": "1000000000",
            "duration_nano": "6007000000",
            "span_count": 2,
            "error_count": 1,
            "services": ["backend", "frontend"],
        }],
        "next": null,
    });
    assert_eq!(list, expected);
}

#[tokio::test]
async fn the_list_can_be_filtered() {
    let server = Server::start().await;
    server
        .ingest(&request(
            "a",
            vec![span(1, "GET /one"), span(2, "GET /two")],
        ))
        .await;
    let status = Some(Status {
        code: 2,
        message: String::new(),
    });
    server
        .ingest(&request(
            "b",
            vec![Span {
                status,
                ..span(3, "POST /three")
            }],
        ))
        .await;

    assert_eq!(
        server.list("").await,
        ["POST /three", "GET /two", "GET /one"]
    );
    assert_eq!(server.list("service=a&limit=1").await, ["GET /two"]);
    assert_eq!(server.list("service=c").await, [""; 0]);
    assert_eq!(server.list("name=get+%2FTWO").await, ["GET /two"]);
    assert_eq!(server.list("status=error").await, ["POST /three"]);
    assert_eq!(
        server.list("status=ok&service=&name=").await,
        ["GET /two", "GET /one"]
    );
    assert_eq!(
        server.list("min_duration_ms=2").await,
        ["POST /three", "GET /two"]
    );
    assert_eq!(server.list("min_duration_ms=2.5").await, ["POST /three"]);
    assert_eq!(
        server.list("since=1970-01-01T00:00:02.5Z").await,
        ["POST /three"]
    );
    assert_eq!(
        server
            .list("since=1970-01-01T01:00:02%2B01:00&service=a")
            .await,
        ["GET /two"]
    );
    assert_eq!(
        server.list("since=1970-01-01T01:00:03+01:00").await,
        ["POST /three"],
        "a plus in an address is a blank"
    );
    for (since, all) in [
        ("0001-01-01T00:00:00Z", true),
        ("9999-01-01T00:00:00Z", false),
    ] {
        let listed = server.list(&format!("since={since}")).await;
        assert_eq!(!listed.is_empty(), all, "{since}");
    }
}

#[tokio::test]
async fn parameters_that_make_no_sense_are_refused() {
    let server = Server::start().await;
    let bad = "status=bad min_duration_ms=-1 min_duration_ms=x since=yesterday limit=0 limit=501 limit=x \
               cursor=x cursor=1-2 limit=1&limit=2";
    for query in bad.split_whitespace() {
        let response = server.get(&format!("/telemetry/api/traces?{query}")).await;
        assert_eq!(response.status(), 400, "{query}");
        assert_eq!(
            header(&response, "content-type"),
            "application/problem+json"
        );
        assert_eq!(json(response).await["status"], 400);
    }
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_or_repetition() {
    let server = Server::start().await;
    let mut spans: Vec<_> = (1..=25).map(|n| span(n, &n.to_string())).collect();
    spans
        .iter_mut()
        .for_each(|span| span.start_time_unix_nano = 5); // the id decides
    server.ingest(&request("service", spans)).await;
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = server
            .json(&format!("/telemetry/api/traces?limit=10&cursor={cursor}"))
            .await;
        let traces = page["traces"].as_array().unwrap();
        seen.extend(
            traces
                .iter()
                .map(|trace| trace["root_name"].as_str().unwrap().to_owned()),
        );
        match page["next"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => break,
        }
    }
    let all: Vec<_> = (1..=25).rev().map(|n: u64| n.to_string()).collect();
    assert_eq!(seen, all);
}

#[tokio::test]
async fn a_trace_is_otlp_json_under_one_resource_and_each_span_is_there_once() {
    let server = Server::start().await;
    let of_trace_1 = |n, name| Span {
        trace_id: span(1, "").trace_id,
        ..span(n, name)
    };
    server
        .ingest(&request(
            "service",
            vec![span(1, "root"), span(2, "of another trace")],
        ))
        .await;
    server
        .ingest(&request(
            "service",
            vec![span(1, "root"), of_trace_1(3, "child")],
        ))
        .await;
    let response = server
        .get("/telemetry/api/traces/00000000000000000000000000000001")
        .await;
    assert_eq!(header(&response, "content-type"), "application/json");
    assert_eq!(header(&response, "cache-control"), "no-store");
    let expected = serde_json::json!({
        "resourceSpans": [{
            "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "service"}}]},
            "scopeSpans": [{"spans": [
                {
                    "traceId": "00000000000000000000000000000001",
                    "spanId": "0000000000000001",
                    "name": "root",
                    "startTimeUnixNano": "1000000000",
                    "endTimeUnixNano": "1001000000",
                },
                {
                    "traceId": "00000000000000000000000000000001",
                    "spanId": "0000000000000003",
                    "name": "child",
                    "startTimeUnixNano": "3000000000",
                    "endTimeUnixNano": "3003000000",
                },
            ]}],
        }],
    });
    assert_eq!(json(response).await, expected);
}

#[tokio::test]
async fn a_trace_that_is_not_here_is_not_found() {
    let server = Server::start().await;
    for (id, status) in [
        ("0af7651916cd43dd8448eb211c80319c", 404),
        ("0af7", 400),
        ("z", 400),
    ] {
        let response = server.get(&format!("/telemetry/api/traces/{id}")).await;
        assert_eq!(response.status(), status, "{id}");
        assert_eq!(
            header(&response, "content-type"),
            "application/problem+json"
        );
    }
    assert_eq!(server.get("/telemetry/api/nothing").await.status(), 404);
}
