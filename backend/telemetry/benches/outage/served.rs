//! A server in a process of its own.

use crate::receiver::exporting_to;
use axum::{Router, routing::get};
use std::{
    env,
    io::{BufRead, BufReader, Read, Write, stdin},
    net::TcpStream,
    process::{Child, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};
use tracing::dispatcher;

/// How long the server may take to export the rest.
const DEADLINE: Duration = Duration::from_secs(2);
const REQUEST: &[u8] = b"GET /orders/7 HTTP/1.1\r\nhost: localhost\r\n\r\n";
const BODY: &str = "an order";

/// The process, seen from outside.
pub(crate) struct Served {
    pub(crate) name: &'static str,
    process: Child,
    output: BufReader<ChildStdout>,
    connection: TcpStream,
}

/// What it said at its end.
#[derive(Debug)]
pub(crate) struct End {
    pub(crate) shutdown: Duration,
    pub(crate) adds_up: bool,
    pub(crate) ledger: String,
}

// === impl Served ===

impl Served {
    pub(crate) fn start(name: &'static str, endpoint: &str, protocol: &str) -> Self {
        // All on one core: on which one a process happens to be makes a difference of a quarter.
        let mut process = Command::new("taskset")
            .args(["--cpu-list", "0"])
            .arg(env::current_exe().unwrap())
            .args(["serve", endpoint, protocol])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("taskset is installed (Debian: util-linux)");
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let mut address = String::new();
        output.read_line(&mut address).unwrap();
        let connection = TcpStream::connect(address.trim()).unwrap();
        connection.set_nodelay(true).unwrap();
        Self {
            name,
            process,
            output,
            connection,
        }
    }

    /// How long one request takes.
    pub(crate) fn request(&mut self) -> Duration {
        let started = Instant::now();
        self.connection.write_all(REQUEST).unwrap();
        let (mut buffer, mut length) = ([0; 1024], 0);
        while !buffer[..length].ends_with(BODY.as_bytes()) {
            let read = self.connection.read(&mut buffer[length..]).unwrap();
            assert!(read > 0, "the server is gone");
            length += read;
        }
        started.elapsed()
    }

    pub(crate) fn resident_kib(&self) -> u64 {
        let status = format!("/proc/{}/status", self.process.id());
        let status = std::fs::read_to_string(status).unwrap();
        let line = status.lines().find_map(|it| it.strip_prefix("VmRSS:"));
        let number = line.and_then(|it| it.trim().strip_suffix(" kB"));
        number.unwrap().trim().parse().unwrap()
    }

    /// Asks for its end, and for its account.
    pub(crate) fn stop(mut self) -> End {
        drop(self.process.stdin.take());
        let mut lines = String::new();
        self.output.read_to_string(&mut lines).unwrap();
        self.process.wait().unwrap();
        let mut lines = lines.lines();
        End {
            shutdown: Duration::from_micros(lines.next().unwrap().parse().unwrap()),
            adds_up: lines.next().unwrap().parse().unwrap(),
            ledger: lines.next().unwrap().to_owned(),
        }
    }
}

/// Serves until the standard input ends.
#[tokio::main(flavor = "current_thread")]
pub(crate) async fn serve(endpoint: &str, protocol: &str) {
    let telemetry = exporting_to(endpoint, protocol, &[]);
    let subscriber = telemetry.subscriber();
    let _current = dispatcher::set_default(&subscriber);
    let router = Router::new().route("/orders/{id}", get(order));
    let router = telemetry.trace(router);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move { axum::serve(listener, router).await });
    let end = tokio::task::spawn_blocking(|| stdin().read_to_end(&mut Vec::new()));
    end.await.unwrap().unwrap();
    server.abort();

    let started = Instant::now();
    let ledger = telemetry.shutdown(DEADLINE).await[0];
    println!("{}", started.elapsed().as_micros());
    println!(
        "{}",
        ledger.balances() && ledger.queued + ledger.exporting == 0
    );
    let drops: Vec<String> = ledger
        .drops()
        .map(|(reason, count)| format!("{count} {reason}"))
        .collect();
    let (created, exported) = (ledger.created, ledger.exported);
    println!("{created} = {exported} exported + {}", drops.join(" + "));
}

/// A request with as many spans as one with a query or two.
async fn order() -> &'static str {
    for _ in 0..3 {
        load().await;
    }
    BODY
}

#[tracing::instrument]
async fn load() {
    tokio::task::yield_now().await;
}
