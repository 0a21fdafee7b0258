use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceResponse,
};
use prost::Message;

use super::*;

#[test]
fn only_what_may_pass_is_tried_again() {
    for status in [429, 502, 503, 504] {
        let after = Some(Duration::from_secs(7));
        let outcome = outcome(status, Some("7"), b"");
        assert_eq!(outcome, Outcome::Retry { after });
    }
    for status in [301, 400, 401, 404, 413, 500, 501] {
        assert_eq!(
            outcome(status, None, b""),
            Outcome::Dropped(DropReason::Rejected)
        );
    }
}

#[test]
fn a_partial_success_counts_what_was_rejected() {
    let partial_success = ExportTracePartialSuccess {
        rejected_spans: 3,
        error_message: "no room".to_owned(),
    };
    let body = ExportTraceServiceResponse {
        partial_success: Some(partial_success),
    };
    assert_eq!(
        outcome(200, None, &body.encode_to_vec()),
        Outcome::Exported { rejected: 3 }
    );
    for body in [
        &b""[..],
        b"{not protobuf}",
        &[0x0a, 0xff, 0xff, 0xff, 0xff, 0xff],
    ] {
        assert_eq!(outcome(200, None, body), Outcome::Exported { rejected: 0 });
    }
}

#[test]
fn what_an_error_says_is_read_too() {
    // google.rpc.Status, which has no message in our dependencies: code 3, "bad id".
    let status = b"\x08\x03\x12\x06bad id";
    assert_eq!(response::partial_success(status).error_message, b"bad id");
}

#[test]
fn retry_after_is_read_in_seconds() {
    assert_eq!(pause("120"), Some(Duration::from_secs(120)));
    assert!(pause("99999999999999999999") > pause("86400"));
}

#[test]
fn what_fetch_would_throw_at_is_no_header() {
    for (name, value) in [("x-key", "a b\t\u{ff}"), ("!#$%&'*+-.^_`|~", "")] {
        assert!(is_header(name, value), "{name}: {value}");
    }
    for (name, value) in [
        ("", "a"),
        ("a b", ""),
        ("a:", ""),
        ("ä", ""),
        ("a", "b\nc"),
        ("a", "b\rc"),
        ("a", "b\0c"),
        ("a", "\u{100}"),
        ("a", "€"),
    ] {
        assert!(!is_header(name, value), "{name}: {value}");
    }
}
