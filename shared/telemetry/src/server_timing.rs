//! The span that answered, told to the caller in the response: `Server-Timing`.
//!
//! The editor's draft of Trace Context names the metric `trace`; the browser SDKs of several vendors look for
//! `traceparent`. Both are sent, and either is read.

use opentelemetry::trace::SpanContext;

use crate::w3c::TraceParent;

/// The response header.
pub const HEADER: &str = "server-timing";

const NAMES: [&str; 2] = ["trace", "traceparent"];

/// The header's value for a span, or `None` if the span is not valid.
pub fn format(span: &SpanContext) -> Option<String> {
    let parent = TraceParent::of(span)?;
    let metrics = NAMES.map(|name| format!("{name};desc=\"{parent}\""));
    Some(metrics.join(", "))
}

/// The span in a header's value, several headers joined by commas included: the first valid one of either name.
pub fn parse(header: &str) -> Option<TraceParent> {
    let mut rest = header.as_bytes();
    while !rest.is_empty() {
        if let Some(parent) = metric(take(&mut rest, b',')) {
            return Some(parent);
        }
    }
    None
}

fn metric(mut rest: &[u8]) -> Option<TraceParent> {
    let name = take(&mut rest, b';');
    if !NAMES.iter().any(|known| is(name, known)) {
        return None;
    }
    while !rest.is_empty() {
        let part = take(&mut rest, b';');
        let equals = part.iter().position(|byte| *byte == b'=');
        let Some((key, [_, value @ ..])) = equals.and_then(|at| part.split_at_checked(at)) else {
            continue;
        };
        if is(key, "desc") {
            let mut value = value.trim_ascii();
            while let [b'"', inner @ ..] | [inner @ .., b'"'] = value {
                value = inner;
            }
            return TraceParent::parse_bytes(value);
        }
    }
    None
}

fn is(name: &[u8], known: &str) -> bool {
    name.trim_ascii().eq_ignore_ascii_case(known.as_bytes())
}

/// Takes what is before the next separator, or else all; the separator goes too. Quoted strings hold none.
fn take<'a>(rest: &mut &'a [u8], separator: u8) -> &'a [u8] {
    let text = *rest;
    let mut quoted = false;
    let mut escaped = false;
    for (at, byte) in text.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            byte if *byte == separator && !quoted => {
                let (piece, tail) = text.split_at_checked(at).unwrap_or((text, &[]));
                *rest = tail.get(1..).unwrap_or_default();
                return piece;
            }
            _ => {}
        }
    }
    *rest = &[];
    text
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
        .assert_eq(&format(&span).unwrap());
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
