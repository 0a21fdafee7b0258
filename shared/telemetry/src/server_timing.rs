//! The span that answered, told to the caller in the response: `Server-Timing`.
//!
//! The editor's draft of Trace Context names the metric `trace`; the browser SDKs of several vendors look for
//! `traceparent`. Both are sent, and either is read.

use opentelemetry::trace::SpanContext;

use crate::w3c::TraceParent;

/// The response header.
pub const HEADER: &str = "server-timing";

const NAMES: [&str; 2] = ["trace", "traceparent"];

/// The length of the value with both.
const BYTES: usize = 144;

/// The header's value for a span, or `None` if the span is not valid.
pub fn format(span: &SpanContext) -> Option<Vec<u8>> {
    let parent = TraceParent::of(span)?;
    let mut value = Vec::with_capacity(BYTES);
    value.extend_from_slice(b"trace;desc=\"");
    let start = value.len();
    parent.push_header(&mut value);
    let end = value.len();
    value.extend_from_slice(b"\", traceparent;desc=\"");
    value.extend_from_within(start..end);
    value.push(b'"');
    Some(value)
}

/// The span in a header's value, several headers joined by commas included: the first valid one of either name.
pub fn parse(header: &str) -> Option<TraceParent> {
    parse_bytes(header.as_bytes())
}

/// The same in all headers of a response, as `XMLHttpRequest.getAllResponseHeaders` tells them: one in a line, names in
/// lower case.
pub fn parse_headers(headers: &str) -> Option<TraceParent> {
    let mut lines = headers.as_bytes().split(|byte| *byte == b'\n');
    parse_bytes(lines.find_map(|line| line.strip_prefix(HEADER.as_bytes())?.strip_prefix(b": "))?)
}

#[inline(never)]
fn parse_bytes(bytes: &[u8]) -> Option<TraceParent> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    // Where the present piece began, whether it is a metric's name, and whether the metric is one of ours.
    let (mut start, mut is_name, mut is_ours) = (0, true, false);
    let mut at = 0;
    loop {
        let byte = bytes.get(at);
        match byte {
            Some(_) if is_escaped => is_escaped = false,
            Some(b'\\') if is_quoted => is_escaped = true,
            Some(b'"') => is_quoted = !is_quoted,
            None | Some(b',' | b';') if !is_quoted => {
                let piece = bytes.get(start..at)?;
                if is_name {
                    is_ours = NAMES.iter().any(|known| is(piece, known));
                } else if is_ours && let Some(parent) = described(piece) {
                    return Some(parent);
                }
                start = at + 1;
                is_name = byte == Some(&b',');
            }
            _ => {}
        }
        byte?;
        at += 1;
    }
}

/// What `desc="…"` says.
fn described(parameter: &[u8]) -> Option<TraceParent> {
    let equals = parameter.iter().position(|byte| *byte == b'=')?;
    let (key, [_, value @ ..]) = parameter.split_at_checked(equals)? else {
        return None;
    };
    if !is(key, "desc") {
        return None;
    }
    let mut value = value.trim_ascii();
    while let [b'"', inner @ ..] | [inner @ .., b'"'] = value {
        value = inner;
    }
    TraceParent::parse_bytes(value)
}

fn is(name: &[u8], known: &str) -> bool {
    name.trim_ascii().eq_ignore_ascii_case(known.as_bytes())
}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::TraceState;
    use proptest::prelude::*;

    use super::*;

    const PARENT: &str = "00-12345678901234567890123456789012-1234567890123456-03";

    fn read(header: &str) -> Option<String> {
        parse(header).map(|parent| parent.to_string())
    }

    #[test]
    fn both_names_are_sent() {
        let span = TraceParent::parse(PARENT).unwrap().remote(TraceState::NONE);
        expect_test::expect![[
            r#"trace;desc="00-12345678901234567890123456789012-1234567890123456-03", traceparent;desc="00-12345678901234567890123456789012-1234567890123456-03""#
        ]]
        .assert_eq(str::from_utf8(&format(&span).unwrap()).unwrap());
        assert_eq!(format(&span).map(|value| value.len()), Some(BYTES));
        assert_eq!(format(&SpanContext::NONE), None);
    }

    #[test]
    fn either_name_is_read_quoted_or_not_among_others() {
        for header in [
            format!("trace;desc={PARENT}"),
            format!("TRACE ; dur=5 ; Desc = \"{PARENT}\""),
            format!("db;dur=53, traceparent;desc=\"{PARENT}\""),
            format!("cache;desc=\"a, trace;desc=b\\\"\", traceparent;desc=\"{PARENT}\""),
            format!("trace;desc=invalid, traceparent;desc={PARENT}"),
        ] {
            assert_eq!(read(&header).as_deref(), Some(PARENT), "{header}");
        }
    }

    #[test]
    fn among_the_headers_of_a_response_it_is_found_in_its_line() {
        let lines = format!("date: now\r\nserver-timing: trace;desc={PARENT}\r\nx: y\r\n");
        let parent = parse_headers(&lines).map(|parent| parent.to_string());
        assert_eq!(parent.as_deref(), Some(PARENT));
        let other = format!("x-server-timing: trace;desc={PARENT}\r\n");
        assert_eq!(parse_headers(&other), None);
    }

    #[test]
    fn what_another_metric_says_is_not_read() {
        for header in [
            "",
            "trace",
            "trace;dur=1",
            &format!("db;desc=\"{PARENT}\""),
            &format!("db;desc=\"x, trace;desc={PARENT}\""),
        ] {
            assert_eq!(read(header), None, "{header}");
        }
    }

    proptest! {
        #[test]
        fn no_header_is_a_panic(header in "[trace;desc=\"\\\\, 0é-]{0,80}") {
            let _ = parse(&header);
        }
    }
}
