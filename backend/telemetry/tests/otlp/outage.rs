//! Every way in which a receiver can be of no use costs its queue and nothing else: the queue stays within its bound, the
//! ledger adds up, and the shutdown keeps to its deadline.

use crate::{
    receiver::{PROTOCOLS, Receiver, Reply, balanced, exporting_to, make_spans},
    support::{LONG, alone},
};
use futures_util::future::join_all;
use std::time::{Duration, Instant};
use throughline_instrument::{DropReason, Telemetry};
use tokio::net::TcpListener;

const SPANS: u64 = 10_000;
const QUEUE: u64 = 64;
const DEADLINE: Duration = Duration::from_secs(1);

fn exporting(endpoint: &str, protocol: &str) -> Telemetry {
    let small = [
        ("OTEL_BSP_MAX_QUEUE_SIZE", "64"),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "16"),
        ("OTEL_BSP_SCHEDULE_DELAY", "0"),
    ];
    exporting_to(endpoint, protocol, &small)
}

/// How many spans have arrived when it is over, over either protocol.
async fn survives(endpoint: &str) -> u64 {
    let all = PROTOCOLS.map(|protocol| survives_by(endpoint, protocol));
    join_all(all).await.into_iter().sum()
}

async fn survives_by(endpoint: &str, protocol: &str) -> u64 {
    let telemetry = exporting(endpoint, protocol);
    for _ in 0..10 {
        make_spans(&telemetry, 1000);
        let ledger = telemetry.ledgers()[0];
        balanced(&[ledger]);
        assert!(ledger.queued + ledger.exporting <= QUEUE, "{ledger:?}");
        tokio::task::yield_now().await;
    }
    let started = Instant::now();
    let ledger = telemetry.shutdown(DEADLINE).await[0];
    let took = started.elapsed();
    assert!(took < DEADLINE, "the shutdown took {took:?}");
    balanced(&[ledger]);
    assert_eq!(ledger.created, SPANS);
    assert_eq!((ledger.queued, ledger.exporting), (0, 0), "{ledger:?}");
    let dropped = |reason| ledger.dropped(reason);
    let by_reason = dropped(DropReason::QueueFull)
        + dropped(DropReason::Shutdown)
        + dropped(DropReason::Rejected);
    assert_eq!(ledger.exported + by_reason, SPANS, "{ledger:?}");
    ledger.exported
}

#[tokio::test]
async fn a_receiver_that_never_answers_costs_nothing_but_its_queue() {
    let _alone = alone();
    // Connections are made and never accepted.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    assert_eq!(survives(&endpoint).await, 0);
}

#[tokio::test]
async fn a_receiver_that_takes_requests_and_never_answers_costs_nothing_but_its_queue() {
    let _alone = alone();
    let receiver = Receiver::start(&[], Reply::Never).await;
    assert_eq!(survives(&receiver.url()).await, 0);
    receiver.server.stop().await;
}

#[tokio::test]
async fn a_receiver_that_is_not_there_costs_nothing_but_its_queue() {
    let _alone = alone();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    assert_eq!(survives(&endpoint).await, 0);
}

#[tokio::test]
async fn a_receiver_that_is_busy_or_down_costs_nothing_but_its_queue() {
    let _alone = alone();
    let replies = [Reply::Busy(LONG), Reply::Down, Reply::Refuse];
    let all = replies.map(|reply| async move {
        let receiver = Receiver::start(&[], reply).await;
        assert_eq!(survives(&receiver.url()).await, 0, "{reply:?}");
        receiver.server.stop().await;
    });
    join_all(all).await;
}

#[tokio::test]
async fn a_receiver_that_is_slow_has_what_the_ledger_says_that_it_has() {
    let _alone = alone();
    let slow = Reply::AcceptAfter(Duration::from_millis(30));
    let receiver = Receiver::start(&[], slow).await;
    let exported = survives(&receiver.url()).await;
    // The queue that was full is exported within the deadline, over either protocol.
    assert!(exported >= 2 * QUEUE, "{exported}");
    assert_eq!(receiver.script.accepted(), exported);
    receiver.server.stop().await;
}
