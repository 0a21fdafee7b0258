//! The program as its operator sees it.
#![cfg(unix)]

use std::{
    io::{BufRead, BufReader, Write},
    net::SocketAddr,
    path::Path,
    process::{Child, ChildStderr, Command, Output, Stdio},
};

use rag_admin_api::paths;
use serde_json::{Value, json};
use tempfile::TempDir;

const EMAIL: &str = "alice@example.com";
const PASSWORD: &str = "a password of Alice's";
const TOKEN: &str = "a token of the test";

fn program(data_dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rag-admin-server"));
    command
        .env_clear()
        .env("DATA_DIR", data_dir)
        .env("PORT", "0")
        .env("OTLP_HTTP_ADDR", "")
        .env("TELEMETRY_TOKEN", TOKEN)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn add_user(data_dir: &Path, password: &str) -> Output {
    let mut child = program(data_dir)
        .args(["user", "add", "--admin", EMAIL])
        .spawn()
        .unwrap();
    writeln!(child.stdin.take().unwrap(), "{password}").unwrap();
    child.wait_with_output().unwrap()
}

/// A running server, killed if the test fails.
struct Running {
    child: Child,
    _lines: BufReader<ChildStderr>,
    address: SocketAddr,
}

impl Running {
    fn start(data_dir: &Path) -> Running {
        let mut child = program(data_dir).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        lines.read_line(&mut line).unwrap();
        let url = line.strip_prefix("RAG Admin: http://").unwrap();
        let address = url.trim_end().trim_end_matches('/').parse().unwrap();
        Running {
            child,
            _lines: lines,
            address,
        }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Asks it to stop, and tells whether it did so of its own accord.
    fn stop(mut self) -> bool {
        let pid = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &pid])
                .status()
                .unwrap()
                .success()
        );
        self.child.wait().unwrap().success()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

#[tokio::test]
async fn spans_that_were_not_yet_stored_survive_sigterm() {
    let dir = TempDir::new().unwrap();
    assert!(add_user(dir.path(), PASSWORD).status.success());
    let _first = rustls::crypto::ring::default_provider().install_default();
    let http = reqwest::Client::new();

    let server = Running::start(dir.path());
    let typed = json!({ "email": EMAIL, "password": PASSWORD });
    let response = http
        .post(server.url(paths::SIGN_IN))
        .json(&typed)
        .send()
        .await
        .unwrap();
    assert!(response.status().is_success());
    response.bytes().await.unwrap();
    assert!(server.stop());

    let server = Running::start(dir.path());
    let traces = http
        .get(server.url("/telemetry/api/traces"))
        .bearer_auth(TOKEN)
        .send()
        .await
        .unwrap();
    let traces: Value = traces.json().await.unwrap();
    assert_eq!(traces["traces"][0]["root_name"], "POST /api/v1/auth/signin");
    assert_eq!(traces["traces"][0]["span_count"], 6);
    assert!(server.stop());
}

#[test]
fn a_user_is_added_once() {
    let dir = TempDir::new().unwrap();
    let output = add_user(dir.path(), PASSWORD);
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "alice@example.com can sign in now (admin).\n"
    );
    let again = add_user(dir.path(), PASSWORD);
    assert!(!again.status.success());
    assert!(String::from_utf8_lossy(&again.stderr).contains("has an account already"));
}

#[test]
fn a_short_password_is_refused() {
    let dir = TempDir::new().unwrap();
    let output = add_user(dir.path(), "1234567");
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("fewer than 8 characters"));
}

#[test]
fn a_database_that_is_away_at_the_start_is_named_without_its_password() {
    let dir = TempDir::new().unwrap();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let output = program(dir.path())
        .env(
            "DATABASE_URL",
            format!("postgres://me:secret@{address}/app"),
        )
        .output()
        .unwrap();
    assert!(!output.status.success());
    let errors = String::from_utf8_lossy(&output.stderr);
    let expected = format!("cannot open the database postgres://{address}/app (DATABASE_URL): ");
    assert!(errors.contains(&expected), "{errors}");
    assert!(
        errors.contains("refused") && !errors.contains("secret"),
        "{errors}"
    );
}

#[test]
fn a_demonstration_is_not_for_the_public() {
    let dir = TempDir::new().unwrap();
    let output = program(dir.path())
        .envs([("DEMO_USER", "1"), ("HOST", "0.0.0.0")])
        .output()
        .unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("DEMO_USER=1"));
}

#[test]
fn a_server_that_would_send_its_spans_to_itself_does_not_start() {
    let dir = TempDir::new().unwrap();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let output = program(dir.path())
        .env("OTLP_HTTP_ADDR", address.to_string())
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{address}"))
        .output()
        .unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("is this server itself"));
}
