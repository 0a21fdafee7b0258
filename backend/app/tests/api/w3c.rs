//! The cases of the W3C's own harness for Trace Context (levels 1 and 2, `STRICT_LEVEL=2`), over HTTP: a server is sent
//! headers, and tells with which headers it calls back. Each test has the name of its case in
//! <https://github.com/w3c/trace-context/blob/main/test/test.py>.

mod many;
mod traceparent;
mod tracestate;

use std::net::SocketAddr;

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode},
};
use reqwest::Method;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    task::JoinSet,
};

use crate::support::TestServer;

const TRACE: &str = "12345678901234567890123456789012";
const SPAN: &str = "1234567890123456";

/// A `traceparent` that is valid and not sampled.
const VALID: (&str, &str) = (
    "traceparent",
    "00-12345678901234567890123456789012-1234567890123456-00",
);

/// The server under test, and the one that it calls back.
struct Harness {
    server: TestServer,
    callback: SocketAddr,
    calls: mpsc::UnboundedReceiver<HeaderMap>,
    _tasks: JoinSet<()>,
}

/// What a server that was called back is told.
#[derive(Debug)]
struct Told {
    trace_id: String,
    parent_id: String,
    flags: u8,
    /// Members with different keys, in their order.
    state: Vec<(String, String)>,
}

// === impl Harness ===

impl Harness {
    async fn start() -> Harness {
        let (tell, calls) = mpsc::unbounded_channel();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let callback = listener.local_addr().unwrap();
        let router = Router::new()
            .fallback(
                |State(tell): State<mpsc::UnboundedSender<HeaderMap>>, headers| async move {
                    tell.send(headers).unwrap();
                },
            )
            .with_state(tell);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Harness {
            server: TestServer::start_with(&[("TRACE_CONTEXT_TEST", "1")]).await,
            callback,
            calls,
            _tasks: tasks,
        }
    }

    /// Sends the headers as they are, byte for byte, and asks to be called back `count` times.
    async fn many(&mut self, headers: &[(&str, &str)], count: usize) -> Vec<Told> {
        let url = format!("http://{}/", self.callback);
        let call = json!({ "url": url, "arguments": [] });
        let body = serde_json::to_string(&vec![call; count]).unwrap();
        let mut request = format!(
            "POST /test HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n",
            self.server.server.address(),
            body.len()
        );
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        request.push_str(&format!("\r\n{body}"));

        let mut connection = TcpStream::connect(self.server.server.address())
            .await
            .unwrap();
        connection.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");

        let calls = (0..count).map(|_| Told::of(&self.calls.try_recv().unwrap()));
        calls.collect()
    }

    async fn one(&mut self, headers: &[(&str, &str)]) -> Told {
        self.many(headers, 1).await.pop().unwrap()
    }

    /// With no other header than this `traceparent`.
    async fn parent(&mut self, traceparent: &str) -> Told {
        self.one(&[("traceparent", traceparent)]).await
    }

    /// With a valid `traceparent` and these headers `tracestate`.
    async fn state(&mut self, values: &[&str]) -> Told {
        let states = values.iter().map(|value| ("tracestate", *value));
        let headers: Vec<_> = [VALID].into_iter().chain(states).collect();
        let told = self.one(&headers).await;
        assert_eq!(told.trace_id, TRACE);
        told
    }
}

// === impl Told ===

impl Told {
    /// Reads what was sent as the harness does: one `traceparent` of the one form, and members of the one grammar.
    fn of(headers: &HeaderMap) -> Told {
        let all = |name: &str| {
            let values = headers.get_all(name).iter();
            let values = values.map(|value| value.to_str().unwrap().to_owned());
            values.collect::<Vec<String>>()
        };
        let parents = all("traceparent");
        let [parent] = parents.as_slice() else {
            panic!("expect one traceparent, got {parents:?}")
        };
        let parts: Vec<&str> = parent.split('-').collect();
        let ["00", trace_id, parent_id, flags] = parts[..] else {
            panic!("{parent}")
        };
        for (hex, digits) in [(trace_id, 32), (parent_id, 16), (flags, 2)] {
            let lower = |byte: &u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(byte);
            assert!(
                hex.len() == digits && hex.as_bytes().iter().all(lower),
                "{parent}"
            );
        }
        assert!(!trace_id.bytes().all(|it| it == b'0'), "{parent}");
        assert!(!parent_id.bytes().all(|it| it == b'0'), "{parent}");

        let mut state: Vec<(String, String)> = Vec::new();
        for value in all("tracestate") {
            assert!(!value.is_empty(), "an empty header has to be left out");
            for member in value.split(',').map(|it| it.trim_matches([' ', '\t'])) {
                let (key, value) = member.split_once('=').unwrap();
                assert!(!value.is_empty() && !value.contains('='), "{member}");
                if !state.iter().any(|(known, _)| known == key) {
                    state.push((key.to_owned(), value.to_owned()));
                }
            }
        }
        Told {
            trace_id: trace_id.to_owned(),
            parent_id: parent_id.to_owned(),
            flags: u8::from_str_radix(flags, 16).unwrap(),
            state,
        }
    }

    fn get(&self, key: &str) -> Option<&str> {
        let found = self.state.iter().find(|(name, _)| name == key)?;
        Some(&found.1)
    }

    /// The members as a header.
    fn text(&self) -> String {
        let members = self.state.iter();
        let members = members.map(|(key, value)| format!("{key}={value}"));
        members.collect::<Vec<String>>().join(",")
    }
}

#[tokio::test]
async fn strangers_cannot_have_the_server_call_others() {
    let server = TestServer::start().await;
    let mut browser = server.browser();
    let request = browser.request(Method::POST, "/test").json(&json!([]));
    let status = browser.send(request).await.status();
    assert!(status.is_client_error(), "{status}");
}

#[tokio::test]
async fn other_machines_long_lists_and_redirects_are_not_served() {
    let harness = Harness::start().await;
    let mut browser = harness.server.browser();
    let here = format!("http://{}/", harness.callback);
    let elsewhere = json!([{ "url": "http://192.0.2.1/", "arguments": [] }]);
    let many = json!(vec![json!({ "url": here, "arguments": [] }); 17]);
    let large = json!([{ "url": here, "arguments": ["x".repeat(16 * 1024)] }]);
    for (list, expected) in [
        (elsewhere, StatusCode::UNPROCESSABLE_ENTITY),
        (many, StatusCode::UNPROCESSABLE_ENTITY),
        (large, StatusCode::PAYLOAD_TOO_LARGE),
    ] {
        let request = browser.request(Method::POST, "/test").json(&list);
        let status = browser.send(request).await.status();
        assert_eq!(status.as_u16(), expected.as_u16());
    }

    let redirect = Router::new().fallback(move || async move {
        (
            StatusCode::TEMPORARY_REDIRECT,
            [("location", "http://192.0.2.1/")],
        )
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let redirecting = format!("http://{}/", listener.local_addr().unwrap());
    let mut tasks = JoinSet::new();
    tasks.spawn(async move { axum::serve(listener, redirect).await.unwrap() });
    let list = json!([{ "url": redirecting, "arguments": [] }]);
    let request = browser.request(Method::POST, "/test").json(&list);
    let answer = browser.send(request).await;
    assert_eq!(answer.text().await.unwrap(), "[307]");
}
