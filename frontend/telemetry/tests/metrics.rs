//! Metrics arrive on their interval, when the page is hidden, and by `flush`; and not without consent.
#![cfg(all(target_arch = "wasm32", feature = "metrics"))]

mod support;

use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use js_sys::{Promise, Reflect, Uint8Array};
use opentelemetry::{KeyValue, global};
use prost::Message;
use support::{next_macrotask, until, window};
use throughline_browser::{DropReason, Signal, ledger_of};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{Event, Response, ResponseInit};

wasm_bindgen_test_configure!(run_in_browser);

/// `ExportMetricsServiceRequest`, and what is below, as far as these tests look.
#[derive(Clone, PartialEq, Message)]
struct Export {
    #[prost(message, repeated, tag = "1")]
    resources: Vec<ResourceMetrics>,
}

#[derive(Clone, PartialEq, Message)]
struct ResourceMetrics {
    #[prost(message, repeated, tag = "2")]
    scopes: Vec<ScopeMetrics>,
}

#[derive(Clone, PartialEq, Message)]
struct ScopeMetrics {
    #[prost(message, repeated, tag = "2")]
    metrics: Vec<Metric>,
}

#[derive(Clone, PartialEq, Message)]
struct Metric {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(message, optional, tag = "5")]
    gauge: Option<Data>,
    #[prost(message, optional, tag = "7")]
    sum: Option<Data>,
    #[prost(message, optional, tag = "9")]
    histogram: Option<Histogram>,
}

#[derive(Clone, PartialEq, Message)]
struct Data {
    #[prost(message, repeated, tag = "1")]
    points: Vec<Point>,
}

#[derive(Clone, PartialEq, Message)]
struct Point {
    #[prost(fixed64, tag = "3")]
    time: u64,
    #[prost(sfixed64, optional, tag = "6")]
    integer: Option<i64>,
}

#[derive(Clone, PartialEq, Message)]
struct Histogram {
    #[prost(message, repeated, tag = "1")]
    points: Vec<HistogramPoint>,
}

#[derive(Clone, PartialEq, Message)]
struct HistogramPoint {
    #[prost(double, optional, tag = "5")]
    sum: Option<f64>,
}

thread_local! {
    static EXPORTED: RefCell<Vec<Metric>> = const { RefCell::new(Vec::new()) };
    static REFUSAL: Cell<Option<u16>> = const { Cell::new(None) };
    static SET_UP: Cell<bool> = const { Cell::new(false) };
}

fn set_up() {
    if SET_UP.replace(true) {
        return;
    }
    let stub = Closure::<dyn Fn(JsValue, JsValue) -> Promise>::new(stub).into_js_value();
    Reflect::set(&window(), &"fetch".into(), &stub).unwrap();
    throughline_browser::init("test")
        .schedule_delay(Duration::from_millis(5))
        .metric_interval(Duration::from_secs(1))
        .install();
}

fn stub(url: JsValue, init: JsValue) -> Promise {
    let answer = ResponseInit::new();
    if url.as_string().unwrap().ends_with("/v1/metrics") {
        let body = Reflect::get(&init, &"body".into()).unwrap();
        let body = Uint8Array::new(&body).to_vec();
        if let Some(status) = REFUSAL.take() {
            answer.set_status(status);
        } else {
            let export = Export::decode(&*body).unwrap();
            let scopes = export.resources.into_iter().flat_map(|it| it.scopes);
            EXPORTED.with_borrow_mut(|all| all.extend(scopes.flat_map(|it| it.metrics)));
        }
    }
    let answer = Response::new_with_opt_str_and_init(None, &answer).unwrap();
    Promise::resolve(&JsValue::from(answer))
}

fn exported(name: &str) -> Vec<Metric> {
    EXPORTED.with_borrow(|all| all.iter().filter(|it| it.name == name).cloned().collect())
}

/// The integers of a sum or gauge, of all exports so far.
fn integers(name: &str) -> Vec<i64> {
    let data = exported(name)
        .into_iter()
        .filter_map(|it| it.sum.or(it.gauge));
    data.flat_map(|it| it.points)
        .filter_map(|it| it.integer)
        .collect()
}

#[wasm_bindgen_test]
async fn what_is_recorded_arrives_on_the_interval() {
    set_up();
    let meter = global::meter("test");
    let counter = meter.u64_counter("interval.count").build();
    counter.add(2, &[KeyValue::new("a", 1), KeyValue::new("b", 2)]);
    counter.add(3, &[KeyValue::new("b", 2), KeyValue::new("a", 1)]);
    let times = meter.f64_histogram("interval.time").build();
    times.record(1.5, &[]);
    times.record(2.5, &[]);
    // Nobody flushes: it is the interval's second.
    while exported("interval.time").is_empty() || exported("interval.count").is_empty() {
        next_macrotask().await;
    }
    assert_eq!(integers("interval.count"), [5]);
    let histogram = exported("interval.time").remove(0).histogram.unwrap();
    assert_eq!(histogram.points[0].sum, Some(4.0));
    let now = js_sys::Date::now() as u64 * 1_000_000;
    let sum = exported("interval.count").remove(0).sum.unwrap();
    assert!(now.abs_diff(sum.points[0].time) < 60_000_000_000);
}

#[wasm_bindgen_test]
async fn a_page_that_is_left_sends_its_metrics_at_once() {
    set_up();
    let open = global::meter("test")
        .i64_up_down_counter("left.open")
        .build();
    open.add(2, &[]);
    open.add(-1, &[]);
    window()
        .dispatch_event(&Event::new("pagehide").unwrap())
        .unwrap();
    assert_eq!(integers("left.open"), [1]);
}

#[wasm_bindgen_test]
async fn what_is_observed_is_asked_for_at_each_collection() {
    set_up();
    let meter = global::meter("test");
    let is_first = AtomicBool::new(true);
    let _ = meter
        .u64_observable_gauge("observed.level")
        .with_callback(move |it| {
            // A callback may itself record, make instruments, and ask for a collection.
            let counter = global::meter("test").u64_counter("observed.calls").build();
            counter.add(1, &[]);
            it.observe(7, &[]);
            if is_first.swap(false, Ordering::Relaxed) {
                throughline_browser::flush();
            }
        })
        .build();
    until(|| !integers("observed.level").is_empty()).await;
    until(|| !integers("observed.calls").is_empty()).await;
    assert_eq!(integers("observed.level")[0], 7);
}

#[wasm_bindgen_test]
async fn a_delta_that_was_refused_for_now_is_sent_again() {
    set_up();
    let counter = global::meter("test").u64_counter("refused.count").build();
    REFUSAL.set(Some(503));
    counter.add(4, &[]);
    throughline_browser::flush();
    counter.add(5, &[]);
    until(|| integers("refused.count").len() == 2).await;
    assert_eq!(integers("refused.count"), [4, 5]);
    assert!(ledger_of(Signal::Metrics).balances());
    assert_eq!(ledger_of(Signal::Metrics).dropped(DropReason::Rejected), 0);
}

#[wasm_bindgen_test]
async fn without_consent_nothing_is_recorded() {
    set_up();
    let counter = global::meter("test").u64_counter("consent.count").build();
    counter.add(1, &[]);
    throughline_browser::disable();
    counter.add(2, &[]);
    throughline_browser::flush();
    throughline_browser::enable();
    counter.add(4, &[]);
    until(|| !exported("consent.count").is_empty()).await;
    assert_eq!(integers("consent.count"), [4]);
}

#[wasm_bindgen_test]
async fn instruments_of_one_name_share_and_one_without_a_name_does_nothing() {
    set_up();
    let meter = global::meter("test");
    for _ in 0..2 {
        let counter = meter.u64_counter("shared.count").build();
        counter.add(1, &[]);
    }
    let warnings = support::warnings();
    meter.u64_counter("no name").build().add(1, &[]);
    assert_eq!(warnings.get(), 1);
    until(|| !exported("shared.count").is_empty()).await;
    assert_eq!(integers("shared.count"), [2]);
    assert!(exported("no name").is_empty());
}
