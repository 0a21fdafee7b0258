//! What the clocks of a machine do, and what traces make of it.
#![cfg(target_arch = "wasm32")]

mod support;

use gloo_timers::future::TimeoutFuture;
use opentelemetry::trace::{Span as _, TraceContextExt, Tracer};
use opentelemetry::{Context, global};
use support::*;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

const MILLISECOND: u64 = 1_000_000;
const SECOND: u64 = 1_000 * MILLISECOND;

fn wall_clock() -> u64 {
    (js_sys::Date::now() * 1e6) as u64
}

fn start(name: &'static str, cx: &Context) -> Context {
    cx.with_span(global::tracer("test").start_with_context(name, cx))
}

fn end(cx: &Context) {
    cx.span().end();
}

fn trace_of(cx: &Context) -> String {
    cx.span().span_context().trace_id().to_string()
}

/// A trace during which something happens to a clock: a child of before, one of before and after, one of after.
async fn trace_across(event: impl AsyncFnOnce()) -> Vec<Span> {
    let root = start("root", &Context::new());
    let before = start("1 before", &root);
    TimeoutFuture::new(5).await;
    end(&before);
    let across = start("2 across", &root);
    let inner = start("3 inner", &across);
    TimeoutFuture::new(5).await;
    event().await;
    end(&inner);
    end(&across);
    let after = start("4 after", &root);
    TimeoutFuture::new(5).await;
    end(&after);
    end(&root);
    finished(&trace_of(&root)).await
}

/// Every span is as long as it was, in its parent, and in its order.
fn assert_sound(spans: &[Span]) {
    assert_eq!(
        tree(spans),
        "root\n  1 before\n  2 across\n    3 inner\n  4 after\n"
    );
    let root = spans.iter().find(|it| it.name == "root").unwrap();
    let mut children: Vec<_> = spans.iter().filter(|it| it.name != "root").collect();
    children.sort_by_key(|it| it.name.clone());
    for span in spans {
        assert!(span.start <= span.end, "{span:?}");
        assert!(span.end - span.start < 5 * SECOND, "{span:?}");
        assert!(root.start <= span.start && span.end <= root.end, "{span:?}");
    }
    assert!(children.is_sorted_by_key(|it| it.start));
    let [before, across, _, after] = &children[..] else {
        panic!()
    };
    assert!(before.end <= across.start && across.end <= after.start);
}

/// A new trace has the time of day.
async fn assert_repaired() {
    let spans = trace_across(async || ()).await;
    assert_sound(&spans);
    let root = spans.iter().find(|it| it.name == "root").unwrap();
    assert!(root.start.abs_diff(wall_clock()) < 5 * SECOND, "{root:?}");
}

#[wasm_bindgen_test]
async fn a_wall_clock_that_is_set_in_mid_trace_moves_no_span_of_it() {
    set_up();
    for minutes in [10.0, -10.0, -10.0, 10.0] {
        let spans = trace_across(async || move_wall_clock(minutes)).await;
        assert_sound(&spans);
        assert_repaired().await;
    }
}

#[wasm_bindgen_test]
async fn a_click_and_its_requests_keep_their_order_while_the_wall_clock_is_set() {
    set_up();
    let button = html("<button data-trace='load'>Load</button>");
    let button: web_sys::HtmlElement = button.first_element_child().unwrap().unchecked_into();
    for minutes in [10.0, -10.0] {
        let trace = click(&button);
        let first = window().fetch_with_str("/first");
        move_wall_clock(minutes);
        let second = window().fetch_with_str("/second");
        for answer in [first, second] {
            JsFuture::from(answer).await.unwrap();
        }
        let spans = finished(&trace).await;
        assert_eq!(tree(&spans), "click load\n  GET\n  GET\n");
        let root = spans.iter().find(|it| it.name == "click load").unwrap();
        for span in &spans {
            assert!(
                root.start <= span.start && span.end <= root.end,
                "{spans:?}"
            );
            assert!(span.end - span.start < 5 * SECOND, "{span:?}");
        }
    }
}

#[wasm_bindgen_test]
async fn a_child_that_starts_after_its_root_has_ended_has_the_clock_of_the_trace() {
    set_up();
    for minutes in [10.0, -10.0] {
        let root = start("root", &Context::new());
        end(&root);
        TimeoutFuture::new(0).await;
        move_wall_clock(minutes);
        assert_repaired().await;
        let late = start("late", &root);
        end(&late);
        let spans = finished_with(&trace_of(&root), 2).await;
        let of = |name: &str| spans.iter().find(|it| it.name == name).unwrap();
        let pause = of("late").start.checked_sub(of("root").end);
        assert!(pause.is_some_and(|it| it < 5 * SECOND), "{pause:?}");
    }
}

/// So many spans of a trace.
async fn finished_with(trace: &str, spans: usize) -> Vec<Span> {
    until(|| exported(trace).len() == spans).await;
    exported(trace)
}

#[wasm_bindgen_test]
async fn a_monotonic_clock_that_stands_still_in_sleep_is_repaired_for_the_next_trace() {
    set_up();
    let spans = trace_across(async || {
        let body = "const at = performance.now(); performance.now = () => at";
        script("", body).call0(&JsValue::UNDEFINED).unwrap();
        let asleep = start("asleep", &Context::new());
        move_wall_clock(10.0);
        TimeoutFuture::new(20).await;
        end(&asleep);
        script("", "delete performance.now")
            .call0(&JsValue::UNDEFINED)
            .unwrap();
    })
    .await;
    assert_sound(&spans);
    assert_repaired().await;
    move_wall_clock(-10.0);
    assert_repaired().await;
}

#[wasm_bindgen_test]
async fn a_time_of_the_callers_that_is_before_the_start_makes_no_negative_duration() {
    set_up();
    let mut span = global::tracer("test").start("test");
    let trace = span.span_context().trace_id().to_string();
    span.end_with_timestamp(std::time::UNIX_EPOCH);
    let span = finished(&trace).await.remove(0);
    assert_eq!(span.start, span.end);
}

#[cfg(feature = "clock-offset")]
#[wasm_bindgen_test]
async fn the_offset_to_the_server_is_on_root_spans_and_narrows_with_each_answer() {
    set_up();
    let offset = |span: &Span| {
        let of = |key| span.double(key);
        Some((
            of("throughline.clock.offset_ms")?,
            of("throughline.clock.uncertainty_ms")?,
        ))
    };
    for ahead in [600_000.0, -2_500.0] {
        set_server_clock_ahead(ahead);
        let mut narrowest = f64::MAX;
        assert_repaired().await;
        for pause in 0..12 {
            TimeoutFuture::new(83 * (pause % 3)).await;
            let spans = trace_across(async || ()).await;
            let root = spans.iter().find(|it| it.name == "root").unwrap();
            let (middle, either_side) = offset(root).unwrap();
            // Date.now() and performance.now() may be some milliseconds apart.
            assert!(
                (middle - ahead).abs() <= either_side + 250.0,
                "{middle} ± {either_side}"
            );
            narrowest = narrowest.min(either_side);
            let child = spans.iter().find(|it| it.name == "4 after").unwrap();
            assert_eq!(offset(child), None);
        }
        assert!(narrowest < 400.0, "{narrowest}");
    }
}
