//! Whenever an exchange is let go, its span ends, it is measured once, and it is active no longer.

use crate::{
    metrics::Meters,
    support::{LONG, Recorder},
};
use axum::{
    Router,
    body::{Body, Bytes},
    extract::Request,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::post,
};
use futures_util::stream;
use http_body::Body as _;
use opentelemetry::trace::SpanKind;
use proptest::{collection::vec, prelude::*};
use std::{
    cell::Cell,
    collections::VecDeque,
    future::poll_fn,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
};
use tower::ServiceExt;

/// What a handler, and then its response's body, do whenever they are polled.
#[derive(Clone, Debug)]
struct Script {
    request: Vec<Step>,
    handler: Vec<Step>,
    body: Vec<Step>,
    status: u16,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Step {
    Wait,
    Go,
    Fail,
    Panic,
}

fn script() -> impl Strategy<Value = Script> {
    let step = || prop_oneof![4 => Just(Step::Wait), 4 => Just(Step::Go), 1 => Just(Step::Fail), 1 => Just(Step::Panic)];
    let steps = || vec(step(), 0..5);
    let status = prop_oneof![Just(200u16), Just(204), Just(404), Just(500)];
    (steps(), steps(), steps(), status).prop_map(|(request, handler, body, status)| Script {
        request,
        handler,
        body,
        status,
    })
}

/// A body that follows the script: a part for every `Go`.
fn body(steps: Vec<Step>) -> Body {
    let mut steps = VecDeque::from(steps);
    Body::from_stream(stream::poll_fn(move |_cx| match steps.pop_front() {
        Some(Step::Wait) => Poll::Pending,
        Some(Step::Go) => Poll::Ready(Some(Ok(Bytes::from_static(b"part")))),
        Some(Step::Fail) => Poll::Ready(Some(Err(io::Error::other("on purpose")))),
        Some(Step::Panic) => panic!("on purpose"),
        None => Poll::Ready(None),
    }))
}

async fn handler(script: Script, request: Request) -> Response {
    let _whatever = axum::body::to_bytes(request.into_body(), 1024).await;
    for step in script.handler {
        let mut waited = step != Step::Wait;
        poll_fn(|_cx| {
            if std::mem::replace(&mut waited, true) {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
        match step {
            Step::Wait | Step::Go => {}
            Step::Fail => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
            Step::Panic => panic!("on purpose"),
        }
    }
    let status = StatusCode::from_u16(script.status).unwrap();
    (status, body(script.body)).into_response()
}

/// A router whose handler does what the script at hand says.
fn router(script: Arc<Mutex<Option<Script>>>) -> Router {
    let handler = move |request: Request| {
        let script = script.lock().unwrap().clone().unwrap();
        let work = tracing::info_span!("work");
        tracing::Instrument::instrument(handler(script, request), work)
    };
    Router::new().route("/", post(handler))
}

/// Polls an exchange so often, then lets it go. Whether it was over by then.
fn is_over_after(polls: usize, router: Router, request: Request) -> bool {
    let mut polls_left = polls;
    let mut cx = Context::from_waker(Waker::noop());
    let response = {
        let mut answer = pin!(router.oneshot(request));
        loop {
            if polls_left == 0 {
                return false;
            }
            polls_left -= 1;
            if let Poll::Ready(answer) = answer.as_mut().poll(&mut cx) {
                break answer.unwrap();
            }
        }
    };
    let mut body = pin!(response.into_body());
    loop {
        if polls_left == 0 {
            return false;
        }
        polls_left -= 1;
        match body.as_mut().poll_frame(&mut cx) {
            Poll::Ready(None | Some(Err(_))) => return true,
            Poll::Ready(Some(Ok(_))) | Poll::Pending => {}
        }
    }
}

#[test]
fn an_exchange_that_is_dropped_at_any_poll_leaks_nothing() {
    let meters = Meters::new();
    let recorder = Recorder::with(|builder| {
        builder.http(|http| http.meter(meters.meter()).measure_body_sizes())
    });
    let script_at_hand = Arc::new(Mutex::new(None));
    let router = router(Arc::clone(&script_at_hand));
    let router = recorder.telemetry.trace(router);
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build().unwrap();
    let exchanges = Cell::new(0);

    proptest!(ProptestConfig::with_cases(100), |(script in script())| {
        *script_at_hand.lock().unwrap() = Some(script.clone());
        for polls in 1.. {
            let request = Request::post("/").body(body(script.request.clone())).unwrap();
            let router = router.clone();
            exchanges.set(exchanges.get() + 1);
            let run = AssertUnwindSafe(|| is_over_after(polls, router, request));
            if catch_unwind(run).unwrap_or(true) {
                break;
            }
        }
        prop_assert_eq!(meters.active_and_measured(), (0, exchanges.get()));
        runtime.block_on(recorder.telemetry.flush(LONG)).unwrap();
    });

    let spans = runtime.block_on(recorder.spans());
    let servers: Vec<_> = spans
        .iter()
        .filter(|span| span.span_kind == SpanKind::Server)
        .collect();
    assert_eq!(servers.len() as u64, exchanges.get());
    for child in spans.iter().filter(|it| it.span_kind != SpanKind::Server) {
        let parent = servers
            .iter()
            .find(|it| it.span_context.span_id() == child.parent_span_id);
        assert!(child.end_time <= parent.unwrap().end_time, "{child:?}");
    }
}
