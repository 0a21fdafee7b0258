//! Thirty interleaved clicks, and whose each request is.
#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    reason = "shared by tests, none of which needs all"
)]

use std::cell::Cell;
use std::collections::HashMap;

use gloo_timers::future::TimeoutFuture;
use leptos::mount::mount_to;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::console_log;

use crate::support::*;

pub const CLICKS: u32 = 30;
pub const AWAITS: u32 = 10;

thread_local! {
    pub static CLICK: Cell<u32> = const { Cell::new(0) };
}

/// The number of this click: each says another.
pub fn next_click() -> u32 {
    CLICK.set(CLICK.get() + 1);
    CLICK.get()
}

pub fn mount<V: IntoView + 'static>(view: impl FnOnce() -> V + 'static) {
    set_up();
    let parent = html("").unchecked_into();
    mount_to(parent, view).forget();
}

/// Clicks `selector` thirty times while earlier clicks still work; their traces by number of click.
pub async fn click_thirty_times(selector: &str) -> HashMap<u32, String> {
    next_macrotask().await;
    let button = find(selector);
    let mut traces = HashMap::new();
    for _ in 0..CLICKS {
        let trace = click(&button);
        traces.insert(CLICK.get(), trace);
        TimeoutFuture::new((js_sys::Math::random() * 8.0) as u32).await;
    }
    traces
}

/// Whether every request at `/name/` carries the trace of its click. There are `expected` or, where runs replace each
/// other, fewer.
pub async fn check(name: &str, traces: &HashMap<u32, String>, expected: Expected) {
    let (right, wrong) = requests(name, traces, expected).await;
    let all = right + wrong.len();
    match expected {
        Expected::All(expected) => assert_eq!(all, expected as usize),
        Expected::AtLeast(some) => assert!(all >= some as usize, "only {all}"),
    }
    assert!(
        wrong.is_empty(),
        "{name}: {} of {all} are wrong: {wrong:?}",
        wrong.len()
    );
}

/// Prints how many requests at `/name/` carry the trace of their click, where that is not promised.
pub async fn measure(name: &str, traces: &HashMap<u32, String>) {
    let (right, wrong) = requests(name, traces, Expected::AtLeast(1)).await;
    let all = right + wrong.len();
    console_log!("{name}: {right} of {all} requests are in the trace of their click");
    assert!(right > 0, "none of {all}");
}

/// How many requests at `/name/` carry the trace of their click, and which do not, once no more come.
pub async fn requests(
    name: &str,
    traces: &HashMap<u32, String>,
    expected: Expected,
) -> (usize, Vec<String>) {
    let prefix = format!("/{name}");
    let mut before = usize::MAX;
    loop {
        let now = asked(&prefix).len();
        let is_all = matches!(expected, Expected::All(all) if now == all as usize);
        if is_all || (now == before && now > 0) {
            break;
        }
        before = now;
        TimeoutFuture::new(200).await;
    }
    let mut right = 0;
    let mut wrong = Vec::new();
    for request in asked(&prefix) {
        // `/name/7/…`, or `/name?click=7`.
        let rest = request.path[prefix.len()..].trim_start_matches(|it: char| !it.is_ascii_digit());
        let end = rest.find(|it: char| !it.is_ascii_digit());
        let click: u32 = rest[..end.unwrap_or(rest.len())].parse().unwrap();
        let traceparent = request.traceparent.as_ref();
        let trace = traceparent.and_then(|it| it.split('-').nth(1));
        if trace.is_some() && trace == traces.get(&click).map(String::as_str) {
            right += 1;
        } else {
            wrong.push(request.path);
        }
    }
    (right, wrong)
}

#[derive(Clone, Copy)]
pub enum Expected {
    All(u32),
    AtLeast(u32),
}
