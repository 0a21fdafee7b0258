//! Headers that become attributes of the span, where an application asks for them.

use super::clip::clip_to;
use http::{HeaderMap, HeaderName};
use opentelemetry::{Array, KeyValue, StringValue, Value};
use regex::RegexSet;
use throughline_core::{limits::MAX_ATTRIBUTE_VALUE_BYTES, names, redact};

/// Names of headers that are never recorded as they are, unless an application says so.
pub(crate) const SANITIZED: [&str; 3] = [
    ".*(?:token|secret|passw|passphrase|credential|signature|session|jwt|assertion|authoriz|authentic|cookie).*",
    // What proxies and platforms tell of a user whom they have identified.
    ".*(?:oidc|principal|client-cert).*",
    ".*(?:api|auth|access|account|functions|master|private|subscription)-?key.*|(?:.*-)?auth(?:-.*)?",
];

/// Headers of one message that become attributes. More would take the room of the span's own (128 in all).
const MAX_HEADERS: usize = 32;

/// Values of one header.
const MAX_VALUES: usize = 32;

const REDACTED: &str = "REDACTED";

/// Which headers are captured.
#[derive(Debug)]
pub(crate) struct CapturedHeaders {
    pub(crate) request: RegexSet,
    pub(crate) response: RegexSet,
    /// Those of them whose values are not told.
    pub(crate) sanitized: RegexSet,
}

// === impl CapturedHeaders ===

impl CapturedHeaders {
    pub(crate) fn of_request(&self, headers: &HeaderMap, attributes: &mut Vec<KeyValue>) {
        self.capture(
            &self.request,
            names::http::REQUEST_HEADER,
            headers,
            attributes,
        );
    }

    pub(crate) fn of_response(&self, headers: &HeaderMap) -> Vec<KeyValue> {
        let mut attributes = Vec::new();
        let prefix = names::http::RESPONSE_HEADER;
        self.capture(&self.response, prefix, headers, &mut attributes);
        attributes
    }

    fn capture(
        &self,
        wanted: &RegexSet,
        prefix: &str,
        headers: &HeaderMap,
        attributes: &mut Vec<KeyValue>,
    ) {
        if wanted.is_empty() {
            return;
        }
        let names = headers.keys().filter(|name| wanted.is_match(name.as_str()));
        attributes.extend(names.take(MAX_HEADERS).map(|name| {
            let key = format!("{prefix}{name}");
            KeyValue::new(key, Value::Array(Array::String(self.values(name, headers))))
        }));
    }

    fn values(&self, name: &HeaderName, headers: &HeaderMap) -> Vec<StringValue> {
        let values = headers.get_all(name).iter().take(MAX_VALUES);
        if self.sanitized.is_match(name.as_str()) {
            return values.map(|_secret| REDACTED.into()).collect();
        }
        let mut room = MAX_ATTRIBUTE_VALUE_BYTES;
        let texts = values.map(|value| {
            let text = String::from_utf8_lossy(value.as_bytes());
            // URLs carry secrets, in whatever header they are.
            let text = redact::url(&text);
            let text = clip_to(&text, room);
            room -= text.len();
            text.to_owned().into()
        });
        texts.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::patterns;
    use http::HeaderValue;

    fn captured(names: &str, headers: &[(&str, &str)]) -> String {
        let captured = CapturedHeaders {
            request: patterns::names(&patterns::list(names)).unwrap(),
            response: RegexSet::empty(),
            sanitized: patterns::names(&SANITIZED.map(str::to_owned)).unwrap(),
        };
        let headers = headers.iter().map(|(name, value)| {
            let name: HeaderName = name.parse().unwrap();
            (name, HeaderValue::from_str(value).unwrap())
        });
        let mut attributes = Vec::new();
        captured.of_request(&headers.collect(), &mut attributes);
        let lines = attributes
            .iter()
            .map(|it| format!("{}={}\n", it.key, it.value));
        lines.collect()
    }

    #[test]
    fn a_header_is_an_array_of_its_values() {
        let headers = [("X-Tag", "a, b"), ("x-tag", "c"), ("accept", "*/*")];
        expect_test::expect![[r#"
            http.request.header.x-tag=["a, b","c"]
        "#]]
        .assert_eq(&captured("x-tag", &headers));
    }

    #[test]
    fn what_is_secret_is_not_told() {
        let headers = [
            ("authorization", "Basic c2VjcmV0"),
            ("cookie", "a=secret"),
            ("x-original-url", "/?token=secret"),
            (
                "referer",
                "https://user:secret@example.com/?token=secret&page=2",
            ),
        ];
        let text = captured(".*", &headers);
        assert!(!text.contains("secret") && !text.contains("c2Vj"), "{text}");
        assert!(text.contains("page=2"), "{text}");
    }

    #[test]
    fn names_tell_of_secrets() {
        let secret = [
            "proxy-authorization",
            "set-cookie",
            "x-api-key",
            "x-forwarded-authorization",
            "x-original-cookie",
            "x-amzn-oidc-data",
            "x-goog-iap-jwt-assertion",
            "cf-access-jwt-assertion",
            "x-session-id",
            "x-auth",
            "x-auth-key",
            "x-client-cert",
            "x-ms-client-principal",
            "ocp-apim-subscription-key",
            "x-functions-key",
            "x-passwd",
        ];
        let text = captured(".*", &secret.map(|name| (name, "told")));
        assert!(!text.contains("told"), "{text}");
        let harmless = ["idempotency-key", "x-author", "x-request-id", "etag"];
        let text = captured(".*", &harmless.map(|name| (name, "told")));
        assert!(!text.contains(REDACTED), "{text}");
    }

    #[test]
    fn what_a_client_sends_is_bounded() {
        let long = "é".repeat(MAX_ATTRIBUTE_VALUE_BYTES);
        let names: Vec<String> = (0..100).map(|it| format!("x-{it}")).collect();
        let mut headers: Vec<_> = names.iter().map(|name| (name.as_str(), "")).collect();
        headers.insert(0, ("x-long", &long));
        headers.extend([("x-long", long.as_str()); 100]);
        let text = captured("x-.*", &headers);
        assert_eq!(text.lines().count(), MAX_HEADERS);
        let length = text.lines().map(str::len).max().unwrap();
        assert!(length < MAX_ATTRIBUTE_VALUE_BYTES + 200, "{length}");
    }
}
