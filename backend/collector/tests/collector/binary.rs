//! The program `throughline`.

use std::{path::Path, process::Stdio};

use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
    task::JoinSet,
};

use crate::support::{PROTOBUF, TOKEN, request, span, use_ring};

struct Program {
    child: Child,
    base: String,
    output: Lines<BufReader<ChildStdout>>,
}

fn command(http: &str, data_dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_throughline"));
    command
        .args(["serve", "--http", http, "--data-dir"])
        .arg(data_dir);
    command.env("TELEMETRY_TOKEN", TOKEN).kill_on_drop(true);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

async fn start(data_dir: &Path) -> Program {
    use_ring();
    let mut child = command("127.0.0.1:0", data_dir).spawn().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = output.next_line().await.unwrap().unwrap();
    let url = line.split_whitespace().last().unwrap();
    let base = url.strip_suffix("/v1/traces").unwrap().to_owned();
    Program {
        child,
        base,
        output,
    }
}

async fn post(client: &reqwest::Client, base: &str, spans: Vec<Span>) -> reqwest::Result<u16> {
    let body = request("service", spans).encode_to_vec();
    let post = client
        .post(format!("{base}/v1/traces"))
        .header("content-type", PROTOBUF)
        .body(body);
    post.send().await.map(|response| response.status().as_u16())
}

async fn trace(client: &reqwest::Client, base: &str, trace: u64) -> u16 {
    let url = format!("{base}/telemetry/api/traces/{trace:032x}");
    client
        .get(url)
        .bearer_auth(TOKEN)
        .send()
        .await
        .unwrap()
        .status()
        .as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    for round in 0..3_u64 {
        let mut program = start(folder.path()).await;
        let client = reqwest::Client::new();
        let mut senders = JoinSet::new();
        for sender in 1..=16_u64 {
            let (client, base) = (client.clone(), program.base.clone());
            senders.spawn(async move {
                let mut acknowledged = Vec::new();
                for n in 0.. {
                    let trace = round << 32 | sender << 16 | n;
                    match post(&client, &base, vec![span(trace, "acknowledged")]).await {
                        Ok(200) => acknowledged.push(trace),
                        _ => break, // the program is gone
                    }
                }
                acknowledged
            });
        }
        // One more sender; the program is killed while all the others are at work.
        for n in 1..=50 {
            assert_eq!(
                post(&client, &program.base, vec![span(n, "x")])
                    .await
                    .unwrap(),
                200
            );
        }
        program.child.kill().await.unwrap(); // SIGKILL
        let acknowledged = senders.join_all().await.concat();
        assert!(acknowledged.len() > 16, "{}", acknowledged.len());

        let mut program = start(folder.path()).await;
        for id in acknowledged {
            assert_eq!(
                trace(&client, &program.base, id).await,
                200,
                "{id:x} was acknowledged"
            );
        }
        assert_eq!(trace(&client, &program.base, u64::MAX).await, 404);
        program.child.kill().await.unwrap(); // and waits: the next one needs its lock
    }
}

#[cfg(unix)]
#[tokio::test]
async fn it_stops_cleanly_when_it_is_asked_to() {
    let folder = tempfile::tempdir().unwrap();
    let mut program = start(folder.path()).await;
    let client = reqwest::Client::new();
    assert_eq!(
        post(&client, &program.base, vec![span(1, "kept")])
            .await
            .unwrap(),
        200
    );
    assert!(stop(&mut program, "-TERM").await.success());
    assert_eq!(
        trace(&client, &start(folder.path()).await.base, 1).await,
        200
    );
}

#[cfg(unix)]
#[tokio::test]
async fn it_stops_cleanly_as_soon_as_anybody_can_know_that_it_runs() {
    let folder = tempfile::tempdir().unwrap();
    for signal in ["-TERM", "-INT"].repeat(8) {
        let mut program = start(folder.path()).await;
        let status = stop(&mut program, signal).await;
        assert!(status.success(), "{signal}: {status}");
    }
}

#[cfg(unix)]
async fn stop(program: &mut Program, signal: &str) -> std::process::ExitStatus {
    let id = program.child.id().unwrap().to_string();
    let mut kill = Command::new("kill");
    assert!(kill.args([signal, &id]).status().await.unwrap().success());
    program.child.wait().await.unwrap()
}

#[tokio::test]
async fn the_token_is_shown_on_a_terminal_only() {
    let folder = tempfile::tempdir().unwrap();
    let mut program = start(folder.path()).await;
    let line = program.output.next_line().await.unwrap().unwrap();
    assert!(line.ends_with("/telemetry/"), "{line}");
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = command(&address, folder.path()).output().await.unwrap();
    assert!(!output.status.success());
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains(&address), "{error}");
    assert_eq!(
        std::fs::read_dir(folder.path()).unwrap().count(),
        0,
        "nothing was written"
    );
}
