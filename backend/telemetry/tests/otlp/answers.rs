//! What becomes of spans by what a receiver answers.

use crate::{
    receiver::{PROTOCOLS, Receiver, Reply, balanced, exporting_to, make_spans},
    support::{LONG, alone},
};
use std::{
    future::pending,
    time::{Duration, Instant},
};
use throughline_instrument::DropReason;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
};

#[tokio::test]
async fn what_a_receiver_rejects_of_a_batch_is_counted_and_not_sent_again() {
    let _alone = alone();
    for protocol in PROTOCOLS {
        let receiver = Receiver::start(&[Reply::Reject(3)], Reply::Accept).await;
        let telemetry = exporting_to(&receiver.url(), protocol, &[]);
        make_spans(&telemetry, 10);
        telemetry.flush(LONG).await.unwrap();
        let ledger = telemetry.shutdown(LONG).await[0];
        assert_eq!(
            (ledger.exported, ledger.dropped(DropReason::Rejected)),
            (7, 3)
        );
        balanced(&[ledger]);
        assert_eq!(receiver.script.accepted(), 7);
        assert_eq!(receiver.script.requests().len(), 1);
        receiver.server.stop().await;
    }
}

#[tokio::test]
async fn what_a_receiver_refuses_is_counted_and_not_sent_again() {
    let _alone = alone();
    for protocol in PROTOCOLS {
        let receiver = Receiver::start(&[Reply::Refuse], Reply::Accept).await;
        let telemetry = exporting_to(&receiver.url(), protocol, &[]);
        make_spans(&telemetry, 10);
        telemetry.flush(LONG).await.unwrap();
        assert_eq!(telemetry.ledgers()[0].dropped(DropReason::Rejected), 10);
        make_spans(&telemetry, 5);
        let ledger = telemetry.shutdown(LONG).await[0];
        assert_eq!((ledger.created, ledger.exported), (15, 5));
        balanced(&[ledger]);
        assert_eq!(receiver.script.requests().len(), 2);
        receiver.server.stop().await;
    }
}

#[tokio::test]
async fn what_came_during_an_outage_arrives_once_afterwards() {
    let _alone = alone();
    for protocol in PROTOCOLS {
        let receiver = Receiver::start(&[Reply::Down; 8], Reply::Accept).await;
        let telemetry = exporting_to(&receiver.url(), protocol, &[]);
        make_spans(&telemetry, 100);
        // A flush does not wait for the pause to be over.
        while telemetry.flush(Duration::from_millis(50)).await.is_err() {}
        let ledger = telemetry.shutdown(LONG).await[0];
        assert_eq!((ledger.exported, ledger.dropped_total()), (100, 0));
        assert_eq!(receiver.script.accepted(), 100);
        receiver.server.stop().await;
    }
}

#[tokio::test]
async fn a_receiver_that_is_busy_is_left_alone_for_as_long_as_it_asks() {
    let _alone = alone();
    // Longer than the pause that we would choose.
    let asked = Duration::from_secs(2);
    for protocol in PROTOCOLS {
        let receiver = Receiver::start(&[Reply::Busy(asked)], Reply::Accept).await;
        let telemetry = exporting_to(&receiver.url(), protocol, &[]);
        make_spans(&telemetry, 10);
        telemetry.flush(LONG).await.unwrap();
        assert_eq!(telemetry.shutdown(LONG).await[0].exported, 10);
        let requests = receiver.script.requests();
        assert_eq!(requests.len(), 2, "{protocol}");
        assert!(requests[1] - requests[0] >= asked, "{protocol}");
        receiver.server.stop().await;
    }
}

#[tokio::test]
async fn a_receiver_that_is_busy_beyond_the_shutdowns_deadline_is_not_waited_for() {
    let _alone = alone();
    for protocol in PROTOCOLS {
        let receiver = Receiver::start(&[], Reply::Busy(2 * LONG)).await;
        let telemetry = exporting_to(&receiver.url(), protocol, &[]);
        make_spans(&telemetry, 10);
        let started = Instant::now();
        let ledger = telemetry.shutdown(LONG).await[0];
        assert!(started.elapsed() < LONG / 2, "{protocol}");
        assert_eq!(ledger.dropped(DropReason::Shutdown), 10, "{protocol}");
        assert_eq!(receiver.script.requests().len(), 1, "{protocol}");
        receiver.server.stop().await;
    }
}

/// As behind a router that has forgotten the connection: what is sent on it is never answered, and never refused.
#[tokio::test]
async fn a_connection_that_has_died_in_silence_is_given_up() {
    let _alone = alone();
    for protocol in PROTOCOLS {
        let receiver = Receiver::start(&[], Reply::Accept).await;
        let upstream = receiver.server.address;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let router = tokio::spawn(async move {
            let _forgotten = listener.accept().await.unwrap();
            let (mut remembered, _) = listener.accept().await.unwrap();
            let mut upstream = TcpStream::connect(upstream).await.unwrap();
            let _ = copy_bidirectional(&mut remembered, &mut upstream).await;
            pending::<()>().await;
        });
        let timeout = [("OTEL_EXPORTER_OTLP_TIMEOUT", "200")];
        let telemetry = exporting_to(&endpoint, protocol, &timeout);
        make_spans(&telemetry, 10);
        telemetry.flush(LONG).await.unwrap();
        assert_eq!(telemetry.shutdown(LONG).await[0].exported, 10, "{protocol}");
        router.abort();
        receiver.server.stop().await;
    }
}
