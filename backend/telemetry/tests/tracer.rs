//! What the tracer provider owes to filters, samplers and other SDKs.

mod support;

use axum::{Router, body::Body, extract::Request, http::HeaderMap, routing::get};
use opentelemetry::{
    Context, KeyValue, TraceId,
    context::FutureExt,
    global::BoxedTracer,
    trace::{
        Link, Span, SpanBuilder, SpanContext, SpanKind, TraceContextExt, Tracer, TracerProvider,
    },
};
use opentelemetry_sdk::trace::{
    Sampler, SamplingDecision, SamplingResult, SdkTracerProvider, ShouldSample,
};
use std::time::{Duration, SystemTime};
use support::{Recorder, Server, attribute};
use throughline_core::w3c::TraceParent;
use throughline_instrument::{Builder, SpanMatch};
use tower::ServiceExt;

fn variable(name: &'static str, value: &'static str) -> impl Fn(&str) -> Option<String> {
    move |asked| (asked == name).then(|| value.to_owned())
}

/// The spans of a request to `/health`.
async fn of_a_request(change: impl FnOnce(Builder) -> Builder) -> Vec<String> {
    let recorder = Recorder::with(change);
    let router = recorder
        .telemetry
        .trace(Router::new().route("/health", get(|| async {})));
    let request = Request::get("/health").body(Body::empty()).unwrap();
    drop(router.oneshot(request).await.unwrap());
    let spans = recorder.spans().await;
    spans.iter().map(|span| span.name.to_string()).collect()
}

fn drops_health(builder: Builder) -> Builder {
    builder.drop_spans(SpanMatch::Route("/health".to_owned()))
}

#[tokio::test]
async fn a_span_is_dropped_by_its_route_if_the_route_is_removed() {
    let spans = of_a_request(|it| drops_health(it).remove_attribute("http.route")).await;
    assert!(spans.is_empty(), "{spans:?}");
}

#[tokio::test]
async fn a_span_is_dropped_by_its_route_if_the_route_is_redacted() {
    let spans = of_a_request(|it| drops_health(it).redact_attribute("http.route")).await;
    assert!(spans.is_empty(), "{spans:?}");
}

#[tokio::test]
async fn a_span_is_dropped_by_its_route_if_values_are_cut() {
    let cut = variable("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "4");
    let spans = of_a_request(|it| drops_health(it).from_vars(cut)).await;
    assert!(spans.is_empty(), "{spans:?}");
}

/// Records what has not this attribute.
#[derive(Clone, Debug)]
struct Unless(KeyValue);

impl ShouldSample for Unless {
    fn should_sample(
        &self,
        parent: Option<&Context>,
        trace: TraceId,
        name: &str,
        kind: &SpanKind,
        attributes: &[KeyValue],
        links: &[Link],
    ) -> SamplingResult {
        let sampler = if attributes.contains(&self.0) {
            Sampler::AlwaysOff
        } else {
            Sampler::AlwaysOn
        };
        sampler.should_sample(parent, trace, name, kind, attributes, links)
    }
}

#[tokio::test]
async fn a_sampler_sees_attributes_that_are_not_exported() {
    let sampler = || Unless(KeyValue::new("url.path", "/health"));
    let spans = of_a_request(|it| it.sampler(sampler())).await;
    assert!(spans.is_empty(), "as they are: {spans:?}");
    let spans = of_a_request(|it| it.sampler(sampler()).remove_attribute("url.path")).await;
    assert!(spans.is_empty(), "{spans:?}");
}

/// Records all, and says so.
#[derive(Clone, Debug)]
struct Says(KeyValue);

impl ShouldSample for Says {
    fn should_sample(
        &self,
        _: Option<&Context>,
        _: TraceId,
        _: &str,
        _: &SpanKind,
        _: &[KeyValue],
        _: &[Link],
    ) -> SamplingResult {
        SamplingResult {
            decision: SamplingDecision::RecordAndSample,
            attributes: vec![self.0.clone()],
            trace_state: opentelemetry::trace::TraceState::default(),
        }
    }
}

#[tokio::test]
async fn what_a_sampler_says_comes_after_what_the_span_starts_with() {
    let recorder = Recorder::with(|it| it.sampler(Says(KeyValue::new("by", "sampler"))));
    let span = SpanBuilder::from_name("work").with_attributes([KeyValue::new("by", "builder")]);
    recorder.telemetry.tracer("test").build(span).end();
    let spans = recorder.spans().await;
    assert_eq!(attribute(&spans[0], "by").as_deref(), Some("sampler"));
}

#[tokio::test]
async fn names_are_as_long_as_they_are() {
    let recorder = Recorder::new();
    let long = "long ".repeat(100);
    tracing::info_span!("work").in_scope(|| tracing::error!("{long}"));
    let mut span = recorder.telemetry.tracer("test").start(long.clone());
    span.end();
    let spans = recorder.spans().await;
    let event = spans[0].events.iter().next().unwrap();
    assert_eq!(event.name, long, "of the event");
    assert_eq!(spans[1].name, long, "of the span");
}

/// The flags that a server is told by a client whose tracer is the SDK's.
async fn told(sampler: Sampler, caller: Option<&str>) -> String {
    let echo =
        |headers: HeaderMap| async move { headers["traceparent"].to_str().unwrap().to_owned() };
    let _alone = support::alone();
    let server = Server::start(Router::new().route("/", get(echo))).await;
    let provider = SdkTracerProvider::builder().with_sampler(sampler).build();
    let client = throughline_instrument::reqwest::builder(reqwest::Client::builder().no_proxy())
        .tracer(BoxedTracer::new(Box::new(provider.tracer("sdk"))))
        .build()
        .unwrap();
    let context = match caller.and_then(TraceParent::parse) {
        Some(caller) => Context::new().with_remote_span_context(caller.remote(Default::default())),
        None => Context::new(),
    };
    let request = client.get(server.url("/")).send().with_context(context);
    let text = request.await.unwrap().text().await.unwrap();
    server.stop().await;
    text[53..].to_owned()
}

#[tokio::test]
async fn a_trace_of_the_sdk_that_begins_here_has_the_random_flag() {
    assert_eq!(told(Sampler::AlwaysOn, None).await, "03");
}

#[tokio::test]
async fn a_trace_of_the_sdk_that_is_continued_keeps_the_random_flag() {
    let caller = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-03";
    assert_eq!(told(Sampler::AlwaysOn, Some(caller)).await, "03");
    assert_eq!(told(Sampler::AlwaysOff, Some(caller)).await, "02");
}

#[tokio::test]
async fn what_is_beyond_the_limits_is_counted_on_the_span() {
    let recorder = Recorder::with(|builder| {
        builder.from_vars(|name| match name {
            "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT" | "OTEL_SPAN_EVENT_COUNT_LIMIT" => {
                Some("2".to_owned())
            }
            "OTEL_SPAN_LINK_COUNT_LIMIT" => Some("0".to_owned()),
            _ => None,
        })
    });
    let attributes = ["a", "b", "c"].map(|key| KeyValue::new(key, 1));
    let builder = SpanBuilder::from_name("work").with_attributes(attributes);
    let mut span = recorder.telemetry.tracer("test").build(builder);
    for name in ["one", "two", "three"] {
        span.add_event(name, Vec::new());
    }
    span.add_link(SpanContext::NONE, Vec::new());
    // One that is there has room.
    span.set_attribute(KeyValue::new("b", 2));
    span.set_attribute(KeyValue::new("d", 1));
    span.end();
    span.set_attribute(KeyValue::new("a", "after the end"));
    let [span] = recorder.spans().await.try_into().unwrap();
    let told: Vec<_> = span
        .attributes
        .iter()
        .map(|it| format!("{}={}", it.key, it.value))
        .collect();
    assert_eq!(told, ["a=1", "b=2"]);
    assert_eq!(span.dropped_attributes_count, 2);
    assert_eq!((span.events.len(), span.events.dropped_count), (2, 1));
    assert_eq!((span.links.len(), span.links.dropped_count), (0, 1));
}

#[tokio::test]
async fn a_span_ends_once_and_not_before_its_start() {
    let recorder = Recorder::new();
    let start = SystemTime::now();
    let builder = SpanBuilder::from_name("work").with_start_time(start);
    let mut span = recorder.telemetry.tracer("test").build(builder);
    span.end_with_timestamp(start - Duration::from_secs(1));
    span.end();
    drop(span);
    let [span] = recorder.spans().await.try_into().unwrap();
    assert_eq!(span.end_time, span.start_time);
}
