//! What a sick receiver of OTLP costs the requests of the server that exports to it: `cargo xtask bench outage`.
//!
//! Servers in processes of their own export, by HTTP and by gRPC, to a healthy receiver and to each kind of sick one. All
//! get the same requests, one at a time, in an order that is drawn for each round: what disturbs the machine disturbs all
//! of them. A request to a server with a sick receiver is compared with the one of the same round to the first one.
#![allow(missing_docs, reason = "no library")]

mod measure;
#[path = "../../tests/otlp/receiver.rs"]
#[allow(dead_code, reason = "tests use more of it")]
mod receiver;
mod served;
#[path = "../../tests/support/mod.rs"]
mod support;

use measure::{Latencies, Verdict};
use receiver::{PROTOCOLS, Reply, Script};
use served::Served;
use std::{env, net::TcpListener, process::ExitCode, time::Duration};
use tokio::runtime::Runtime;

/// Rounds that warm up, and rounds that are measured.
const WARM_UP: usize = 2_000;
const ROUNDS: usize = 20_000;

/// The second one shows how large differences are that mean nothing. Without a reply, nobody listens.
const RECEIVERS: [(&str, Option<Reply>); 7] = [
    ("healthy", Some(Reply::Accept)),
    ("healthy, a second", Some(Reply::Accept)),
    ("never answers", Some(Reply::Never)),
    ("refuses connections", None),
    (
        "slow (1 s)",
        Some(Reply::AcceptAfter(Duration::from_secs(1))),
    ),
    ("429, in 1 s", Some(Reply::Busy(Duration::from_secs(1)))),
    ("503", Some(Reply::Down)),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let [command, endpoint, protocol] = arguments.as_slice()
        && command == "serve"
    {
        served::serve(endpoint, protocol);
        return ExitCode::SUCCESS;
    }
    let mut passed = true;
    for protocol in PROTOCOLS {
        println!("\nOTLP by {protocol}, {ROUNDS} requests to each server");
        println!("{}", Verdict::HEAD);
        for verdict in compare(protocol) {
            println!("{verdict}");
            passed &= verdict.passes();
        }
    }
    println!(
        "\nThe bar: medians of pairs at most 5 % up, p99 at most 1 ms, a shutdown within 2 s, no ledger that does not add up."
    );
    if passed {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn compare(protocol: &str) -> Vec<Verdict> {
    let receivers = Runtime::new().unwrap();
    let start = |(name, reply)| Served::start(name, &endpoint(&receivers, reply), protocol);
    let mut servers = RECEIVERS.map(start);
    for _ in 0..WARM_UP {
        for server in &mut servers {
            server.request();
        }
    }
    let before: Vec<u64> = servers.iter().map(Served::resident_kib).collect();
    let mut latencies = vec![Latencies::default(); servers.len()];
    let mut order: Vec<usize> = (0..servers.len()).collect();
    for _ in 0..ROUNDS {
        order.sort_by_cached_key(|_| getrandom::u32().unwrap());
        for &index in &order {
            latencies[index].push(servers[index].request());
        }
    }
    let after: Vec<u64> = servers.iter().map(Served::resident_kib).collect();
    let healthy = latencies[0].clone();
    let rows = servers.into_iter().zip(latencies).zip(before).zip(after);
    let rows = rows.map(|(((server, latencies), before), after)| {
        let name = server.name;
        Verdict::new(name, &latencies, &healthy, (before, after), server.stop())
    });
    rows.collect()
}

fn endpoint(runtime: &Runtime, reply: Option<Reply>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    if let Some(reply) = reply {
        listener.set_nonblocking(true).unwrap();
        let router = Script::new(&[], reply).router();
        runtime.spawn(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            axum::serve(listener, router).await
        });
    }
    endpoint
}
