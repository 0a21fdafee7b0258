//! What answers mean.

use super::{
    super::Ended,
    client::Client,
    grpc, http,
    status::{Any, Delay, RetryInfo, RpcStatus},
    transport::Answer,
};
use crate::settings::{Compression, Headers, Otlp, Protocol, Tls};
use ::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use base64::{Engine, prelude::BASE64_STANDARD, prelude::BASE64_STANDARD_NO_PAD};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceResponse,
};
use opentelemetry_sdk::metrics::Temporality;
use proptest::prelude::*;
use prost::Message;
use std::time::Duration;
use throughline_core::pipeline::{DropReason, Outcome};
use tokio::net::TcpListener;

const SOON: Duration = Duration::from_secs(7);

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let pairs = pairs.iter();
    pairs
        .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()))
        .collect()
}

fn over_http(status: u16, head: &[(&'static str, &str)], body: Vec<u8>) -> Ended {
    http::ended(&Answer {
        status: StatusCode::from_u16(status).unwrap(),
        headers: headers(head),
        body: body.into(),
        trailers: HeaderMap::new(),
    })
}

fn over_grpc(trailers: &[(&'static str, &str)], body: Vec<u8>) -> Ended {
    grpc::ended(&Answer {
        trailers: headers(trailers),
        body: body.into(),
        ..Answer::default()
    })
}

fn partial_success() -> Vec<u8> {
    let partial_success = Some(ExportTracePartialSuccess {
        rejected_spans: 3,
        error_message: "no more than 64 attributes".to_owned(),
    });
    ExportTraceServiceResponse { partial_success }.encode_to_vec()
}

/// As in `google.rpc.Status`.
fn status(message: &str, retry: Option<Duration>) -> Vec<u8> {
    let details = retry.map(|delay| Any {
        type_url: "type.googleapis.com/google.rpc.RetryInfo".to_owned(),
        value: RetryInfo {
            retry_delay: Some(Delay {
                seconds: delay.as_secs().try_into().unwrap(),
                nanos: 0,
            }),
        }
        .encode_to_vec(),
    });
    RpcStatus {
        message: message.to_owned(),
        details: details.into_iter().collect(),
    }
    .encode_to_vec()
}

#[test]
fn the_status_of_http_says_whether_another_attempt_may_help() {
    assert_eq!(over_http(200, &[], vec![]), Ended::exported(0, ""));
    assert_eq!(over_http(204, &[], vec![]), Ended::exported(0, ""));
    for status in [429, 502, 503, 504] {
        let ended = over_http(status, &[], vec![]);
        assert_eq!(ended.outcome, Outcome::Retry { after: None }, "{status}");
    }
    for status in [301, 400, 401, 403, 404, 408, 413, 415, 500, 501] {
        let ended = over_http(status, &[], vec![]);
        let dropped = Outcome::Dropped(DropReason::Rejected);
        assert_eq!(ended.outcome, dropped, "{status}");
        assert!(ended.message.contains(&status.to_string()));
    }
}

#[test]
fn retry_after_is_a_number_or_a_date() {
    let after = |text: &str| match over_http(503, &[("retry-after", text)], vec![]).outcome {
        Outcome::Retry { after } => after,
        other => panic!("{other:?}"),
    };
    assert_eq!(after("7"), Some(SOON));
    assert_eq!(after("Wed, 21 Oct 2015 07:28:00 GMT"), None, "it is over");
    assert!(after("Thu, 31 Dec 2099 23:59:59 GMT").unwrap() > SOON);
    assert_eq!(after("soon"), None);
    assert_eq!(after("-1"), None);
}

#[test]
fn what_a_receiver_rejects_of_a_request_is_counted_and_told() {
    let expected = Ended::exported(3, "no more than 64 attributes");
    assert_eq!(over_http(200, &[], partial_success()), expected);
    let framed = grpc::frame(&partial_success(), Default::default()).unwrap();
    assert_eq!(over_grpc(&[("grpc-status", "0")], framed), expected);
}

#[test]
fn the_words_of_a_receiver_are_told_if_they_are_in_protobuf_and_not_without_end() {
    let protobuf = [("content-type", "application/x-protobuf")];
    let ended = over_http(401, &protobuf, status("no such tenant", None));
    assert_eq!(ended.message, "status 401: no such tenant");
    let page = over_http(502, &[("content-type", "text/html")], b"<html>".to_vec());
    assert_eq!(page.message, "status 502");
    let ended = over_http(400, &protobuf, status(&"é".repeat(10_000), None));
    assert_eq!(ended.message.chars().count(), 300);
}

#[test]
fn the_status_of_grpc_says_whether_another_attempt_may_help() {
    for code in 0..=17 {
        let ended = over_grpc(&[("grpc-status", &code.to_string())], vec![]);
        let expected = match code {
            0 => Outcome::Exported { rejected: 0 },
            1 | 4 | 10 | 11 | 14 | 15 => Outcome::Retry { after: None },
            _ => Outcome::Dropped(DropReason::Rejected),
        };
        assert_eq!(ended.outcome, expected, "{code}");
    }
}

#[test]
fn a_receiver_over_grpc_says_in_retry_info_when_it_recovers() {
    let details = status("", Some(SOON));
    let padded = BASE64_STANDARD.encode(&details);
    let bare = BASE64_STANDARD_NO_PAD.encode(&details);
    for code in ["8", "14"] {
        for details in [&padded, &bare] {
            let trailers = [("grpc-status", code), ("grpc-status-details-bin", details)];
            let ended = over_grpc(&trailers, vec![]);
            assert_eq!(ended.outcome, Outcome::Retry { after: Some(SOON) });
        }
    }
    let trailers = [("grpc-status", "14"), ("grpc-status-details-bin", "%%%")];
    let ended = over_grpc(&trailers, vec![]);
    assert_eq!(ended.outcome, Outcome::Retry { after: None });
}

#[test]
fn a_call_that_fails_at_once_has_its_status_in_the_head() {
    let ended = grpc::ended(&Answer {
        headers: headers(&[("grpc-status", "16"), ("grpc-message", "who%20are you")]),
        ..Answer::default()
    });
    assert_eq!(ended, Ended::refused("gRPC status 16: who are you"));
}

#[test]
fn what_is_no_server_of_grpc_is_judged_by_its_status_of_http() {
    for (status, retries) in [(200, true), (404, false), (429, true), (503, true)] {
        let ended = grpc::ended(&Answer {
            status: StatusCode::from_u16(status).unwrap(),
            ..Answer::default()
        });
        let is_retry = matches!(ended.outcome, Outcome::Retry { after: None });
        assert_eq!(is_retry, retries, "{status}");
    }
}

#[tokio::test]
async fn that_nobody_listens_is_told_with_its_cause_and_may_change() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!(
        "http://user:secret@{}/?key=secret",
        listener.local_addr().unwrap()
    );
    drop(listener);
    for protocol in [Protocol::HttpProtobuf, Protocol::Grpc] {
        let otlp = Otlp {
            url: url.clone(),
            protocol,
            compression: Compression::None,
            headers: Headers(Vec::new()),
            timeout: SOON,
            tls: Tls::default(),
            temporality: Temporality::Cumulative,
        };
        let client = Client::new(&otlp, "trace.v1.TraceService").unwrap();
        let ended = client.export(Vec::new()).await;
        assert_eq!(ended.outcome, Outcome::Retry { after: None });
        assert!(ended.message.contains("refused"), "{ended:?}");
        assert!(
            !format!("{ended:?} {client:?}").contains("secret"),
            "{ended:?}"
        );
    }
}

proptest! {
    #[test]
    fn no_answer_makes_it_panic(
        status in 100_u16..1000,
        code in "\\PC{0,3}",
        words in prop::collection::vec(any::<u8>(), 0..64),
        body in prop::collection::vec(any::<u8>(), 0..64),
    ) {
        let mut headers = headers(&[("content-type", "application/x-protobuf")]);
        if let Ok(words) = HeaderValue::from_bytes(&words) {
            for name in ["retry-after", "grpc-message", "grpc-status-details-bin"] {
                headers.insert(name, words.clone());
            }
        }
        let mut trailers = headers.clone();
        if let Ok(code) = HeaderValue::from_str(&code) {
            trailers.insert("grpc-status", code);
        }
        let answer = Answer {
            status: StatusCode::from_u16(status).unwrap(),
            headers,
            trailers,
            body: body.into(),
        };
        let _ = (http::ended(&answer), grpc::ended(&answer));
    }
}
