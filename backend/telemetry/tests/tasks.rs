//! Where the spans of background work are, and how they end.

mod support;

use axum::{Router, routing::post};
use expect_test::expect;
use opentelemetry::{
    Context, KeyValue,
    baggage::BaggageExt,
    trace::{TraceContextExt, TraceId},
};
use std::{
    future::pending,
    sync::{Arc, Mutex},
};
use support::{Recorder, attribute};
use throughline_instrument::{error::record_panics, task};
use tokio::{
    sync::{Notify, oneshot},
    task::JoinSet,
};
use tracing::{Instrument, info_span};

const ENDINGS: [&str; 2] = ["error.type", "throughline.task.cancelled"];

async fn step() {
    info_span!("step").in_scope(|| ());
}

fn trace_id() -> TraceId {
    Context::current().span().span_context().trace_id()
}

#[tokio::test]
async fn a_spawned_task_continues_the_callers_trace() {
    let recorder = Recorder::new();
    let caller = async { task::spawn("index", step()).await.unwrap() };
    caller.instrument(info_span!("upload")).await;
    expect![[r#"
        upload
          index
            step
    "#]]
    .assert_eq(&recorder.tree(&ENDINGS).await);
}

#[tokio::test]
async fn a_linked_task_begins_a_trace_and_links_to_its_cause() {
    let recorder = Recorder::new();
    let caller = async { task::spawn_linked("index", step()).await.unwrap() };
    caller.instrument(info_span!("upload")).await;
    expect![[r#"
        upload
        index
          step
    "#]]
    .assert_eq(&recorder.tree(&ENDINGS).await);
    let spans = recorder.spans().await;
    let (cause, job) = (&spans[0].span_context, &spans[1]);
    assert_ne!(job.span_context.trace_id(), cause.trace_id());
    let [link] = &job.links.links[..] else {
        panic!("{:?}", job.links)
    };
    assert_eq!(link.span_context.span_id(), cause.span_id());
    assert_eq!(link.span_context.trace_id(), cause.trace_id());
}

#[tokio::test]
async fn baggage_goes_along_with_both() {
    let _recorder = Recorder::new();
    let context = Context::current().with_baggage([KeyValue::new("tenant", "a")]);
    let tenant = || async {
        Context::current()
            .baggage()
            .get("tenant")
            .map(|it| it.to_string())
    };
    let attached = context.attach();
    let jobs = [
        task::spawn("a", tenant()),
        task::spawn_linked("b", tenant()),
    ];
    drop(attached);
    for job in jobs {
        assert_eq!(job.await.unwrap().as_deref(), Some("a"));
    }
}

#[tokio::test]
async fn a_job_outlives_its_request_and_stays_in_its_trace() {
    let recorder = Recorder::new();
    let (go, answered) = oneshot::channel::<()>();
    let (job_ended, ended) = oneshot::channel();
    let channels = Arc::new(Mutex::new(Some((answered, job_ended))));
    let upload = move || async move {
        let (answered, job_ended) = channels.lock().unwrap().take().unwrap();
        let handler = async {
            task::spawn("index", async move {
                answered.await.unwrap();
                step().await;
                job_ended.send(trace_id()).unwrap();
            });
        };
        handler.instrument(info_span!("store")).await;
    };
    let server = recorder
        .serve(Router::new().route("/documents", post(upload)))
        .await;
    let http = reqwest::Client::new();
    let answer = http.post(server.url("/documents")).send().await.unwrap();
    answer.bytes().await.unwrap();
    // The request's spans are not kept waiting for the job.
    server.stop().await;
    assert_eq!(recorder.spans().await.len(), 2);
    go.send(()).unwrap();
    let trace_id = ended.await.unwrap();
    expect![[r#"
        POST /documents SERVER
          store
            index
              step
    "#]]
    .assert_eq(&recorder.tree(&ENDINGS).await);
    let spans = recorder.spans().await;
    assert!(
        spans
            .iter()
            .all(|it| it.span_context.trace_id() == trace_id)
    );
    assert!(spans[2].end_time > spans[0].end_time);
}

#[tokio::test]
async fn an_aborted_job_ends_its_span_without_an_error() {
    let recorder = Recorder::new();
    let started = Arc::new(Notify::new());
    let tell = Arc::clone(&started);
    let job = task::spawn("wait", async move {
        let _held = info_span!("held");
        tell.notify_one();
        pending::<()>().await;
    });
    started.notified().await;
    job.abort();
    assert!(job.await.unwrap_err().is_cancelled());
    drop(task::continued("never polled", step()));
    expect![[r#"
        wait throughline.task.cancelled=true
          held
        never polled throughline.task.cancelled=true
    "#]]
    .assert_eq(&recorder.tree(&ENDINGS).await);
}

#[tokio::test]
async fn a_job_that_panics_ends_its_span_as_an_error() {
    let recorder = Recorder::new();
    record_panics();
    let job = task::spawn("import", async { panic!("boom") });
    assert!(job.await.unwrap_err().is_panic());
    expect![[r#"
        import error(boom) error.type=panic
    "#]]
    .assert_eq(&recorder.tree(&ENDINGS).await);
    assert_eq!(recorder.spans().await[0].events.len(), 1);
}

#[tokio::test]
async fn blocking_work_keeps_the_context_but_not_the_span_open() {
    let recorder = Recorder::new();
    let (go, gone) = std::sync::mpsc::channel::<()>();
    let (tell, started) = oneshot::channel();
    let caller = async {
        let blocking = task::spawn_blocking(move || {
            tell.send(trace_id()).unwrap();
            gone.recv().unwrap();
            info_span!("bcrypt.verify").in_scope(trace_id)
        });
        (started.await.unwrap(), blocking)
    };
    // The caller goes away while the work still blocks.
    let (before, blocking) = caller.instrument(info_span!("sign in")).await;
    assert_eq!(recorder.spans().await.len(), 1);
    go.send(()).unwrap();
    assert_eq!(blocking.await.unwrap(), before);
    expect![[r#"
        sign in
          bcrypt.verify
    "#]]
    .assert_eq(&recorder.tree(&ENDINGS).await);
}

#[tokio::test]
async fn the_jobs_of_a_join_set_have_spans_too() {
    let recorder = Recorder::new();
    let caller = async {
        let mut jobs = JoinSet::new();
        jobs.spawn(task::continued("page", step()));
        jobs.spawn(task::linked("mail", step()));
        jobs.join_all().await;
    };
    caller.instrument(info_span!("import")).await;
    expect![[r#"
        import
          page
            step
        mail
          step
    "#]]
    .assert_eq(&recorder.tree(&ENDINGS).await);
}

#[tokio::test]
async fn without_telemetry_the_callers_context_is_kept_all_the_same() {
    let context = Context::new().with_value(7_u32);
    let attached = context.attach();
    let job = task::spawn("job", async { Context::current().get::<u32>().copied() });
    drop(attached);
    assert_eq!(job.await.unwrap(), Some(7));
}

#[tokio::test]
async fn logs_of_a_job_have_its_ids() {
    let recorder = Recorder::new();
    let job = task::spawn("job", async { tracing::info!("at work") });
    job.await.unwrap();
    let span = &recorder.spans().await[0];
    let id = span.span_context.span_id().to_string();
    assert!(recorder.log()[0].contains(&id));
    assert_eq!(attribute(span, "otel.name"), None);
}

#[tokio::test]
async fn what_runs_after_an_upgrade_continues_the_trace_in_the_callers_context() {
    let recorder = Recorder::new();
    let caller = async {
        let caller = Context::current();
        let callback = move || {
            let _caller = caller.attach();
            task::continued("chat", step())
        };
        // As axum's `on_upgrade` calls it, from a task without a trace.
        tokio::spawn(async { callback().await }).await.unwrap();
    };
    caller.instrument(info_span!("upgrade")).await;
    expect![[r#"
        upgrade
          chat
            step
    "#]]
    .assert_eq(&recorder.tree(&ENDINGS).await);
}
