//! Thirty interleaved clicks: every request belongs to the trace of its click, ten awaits later too.
#![cfg(target_arch = "wasm32")]

mod support;

use std::cell::Cell;
use std::collections::HashMap;

use gloo_timers::future::TimeoutFuture;
use leptos::__reexports::send_wrapper::SendWrapper;
use leptos::mount::mount_to;
use leptos::prelude::*;
use leptos::task::spawn_local;
use support::{window, *};
use throughline_browser::{bind, traced};
use wasm_bindgen::JsCast;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

const CLICKS: u32 = 30;
const AWAITS: u32 = 10;

thread_local! {
    static CLICK: Cell<u32> = const { Cell::new(0) };
}

/// The number of this click: each says another.
fn next_click() -> u32 {
    CLICK.set(CLICK.get() + 1);
    CLICK.get()
}

fn mount<V: IntoView + 'static>(view: impl FnOnce() -> V + 'static) {
    set_up();
    let parent = html("").unchecked_into();
    mount_to(parent, view).forget();
}

/// Clicks `selector` thirty times while earlier clicks still work; their traces by number of click.
async fn click_thirty_times(selector: &str) -> HashMap<u32, String> {
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
async fn check(name: &str, traces: &HashMap<u32, String>, expected: Expected) {
    let prefix = format!("/{name}/");
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
    let asked = asked(&prefix);
    match expected {
        Expected::All(all) => assert_eq!(asked.len(), all as usize),
        Expected::AtLeast(some) => assert!(asked.len() >= some as usize, "only {}", asked.len()),
    }
    let wrong: Vec<_> = asked
        .iter()
        .filter(|it| {
            let click: u32 = it.path.split('/').nth(2).unwrap().parse().unwrap();
            let trace = it.traceparent.as_ref().and_then(|it| it.split('-').nth(1));
            trace != traces.get(&click).map(String::as_str)
        })
        .collect();
    assert!(
        wrong.is_empty(),
        "{} of {} are wrong: {wrong:?}",
        wrong.len(),
        asked.len()
    );
}

#[derive(Clone, Copy)]
enum Expected {
    All(u32),
    AtLeast(u32),
}

#[wasm_bindgen_test]
async fn a_spawned_task_keeps_the_click_in_which_it_was_spawned() {
    mount(|| {
        let on_click = |_| spawn_local(work("spawned", next_click(), AWAITS));
        view! { <button id="spawned" on:click=on_click></button> }
    });
    let traces = click_thirty_times("#spawned").await;
    check("spawned", &traces, Expected::All(CLICKS * AWAITS)).await;
}

#[wasm_bindgen_test]
async fn an_action_keeps_the_click_that_dispatched_it() {
    mount(|| {
        let action = Action::new_local(|click: &u32| work("action", *click, AWAITS));
        view! { <button id="action" on:click=move |_| { action.dispatch_local(next_click()); }></button> }
    });
    let traces = click_thirty_times("#action").await;
    check("action", &traces, Expected::All(CLICKS * AWAITS)).await;
}

#[wasm_bindgen_test]
async fn a_handler_that_stops_propagation_is_part_of_its_click() {
    mount(|| {
        let on_click = |event: web_sys::MouseEvent| {
            event.stop_immediate_propagation();
            spawn_local(work("stopped", next_click(), AWAITS));
        };
        view! { <div><button id="stopped" on:click=on_click></button></div> }
    });
    let traces = click_thirty_times("#stopped").await;
    check("stopped", &traces, Expected::All(CLICKS * AWAITS)).await;
}

#[wasm_bindgen_test]
async fn an_effect_and_what_it_spawns_belong_to_the_click_that_woke_it() {
    mount(|| {
        let clicked = RwSignal::new(0);
        Effect::new(move |_| match clicked.get() {
            0 => {}
            click => spawn_local(work("effect", click, AWAITS)),
        });
        view! { <button id="effect" on:click=move |_| clicked.set(next_click())></button> }
    });
    let traces = click_thirty_times("#effect").await;
    check("effect", &traces, Expected::All(CLICKS * AWAITS)).await;
}

#[wasm_bindgen_test]
async fn the_runs_of_a_traced_resource_belong_to_the_clicks_that_caused_them() {
    mount(|| {
        let clicked = RwSignal::new(0);
        let resource = LocalResource::new(move || {
            traced(|click| async move {
                if click > 0 {
                    work("resource", click, 3).await;
                }
            })(clicked.get())
        });
        Effect::new(move |_| resource.get());
        view! { <button id="resource" on:click=move |_| clicked.set(next_click())></button> }
    });
    let traces = click_thirty_times("#resource").await;
    check("resource", &traces, Expected::AtLeast(9)).await;
}

#[wasm_bindgen_test]
async fn a_resource_with_a_source_is_exact_through_traced_too() {
    mount(|| {
        let clicked = RwSignal::new(0);
        let load = |click| {
            SendWrapper::new(async move {
                if click > 0 {
                    work("source", click, AWAITS).await;
                }
            })
        };
        let resource = Resource::new(move || clicked.get(), traced(load));
        Effect::new(move |_| resource.get());
        view! { <button id="source" on:click=move |_| clicked.set(next_click())></button> }
    });
    let traces = click_thirty_times("#source").await;
    check("source", &traces, Expected::AtLeast(20)).await;
}

#[wasm_bindgen_test]
async fn a_component_mounted_by_one_click_works_for_the_clicks_after_it() {
    mount(|| {
        let shown = RwSignal::new(false);
        view! {
            <button id="open" on:click=move |_| shown.set(true)></button>
            {move || shown.get().then(Mounted)}
        }
    });
    click(&find("#open"));
    next_macrotask().await;
    // At once: the root of the click that mounted it is still open.
    let traces = click_thirty_times("#mounted").await;
    check("mounted-effect", &traces, Expected::All(CLICKS)).await;
    check("mounted-task", &traces, Expected::All(CLICKS * AWAITS)).await;
    check("mounted-resource", &traces, Expected::AtLeast(6)).await;
}

#[component]
fn Mounted() -> impl IntoView {
    let clicked = RwSignal::new(0);
    Effect::new(move |_| {
        if clicked.get() > 0 {
            // Starts the request without a task of its own.
            let _started = window().fetch_with_str(&format!("/mounted-effect/{}", clicked.get()));
        }
    });
    let run = traced(|click: u32| async move {
        if click > 0 {
            work("mounted-resource", click, 2).await;
        }
    });
    let resource = LocalResource::new(move || run(clicked.get()));
    Effect::new(move |_| resource.get());
    let on_click = move |_| {
        clicked.set(next_click());
        spawn_local(work("mounted-task", CLICK.get(), AWAITS));
    };
    view! { <button id="mounted" on:click=on_click></button> }
}

#[wasm_bindgen_test]
async fn a_bound_callback_belongs_to_the_click_that_bound_it() {
    mount(|| {
        let on_click = |_| {
            let click = next_click();
            let callback = bind(move || spawn_local(work("bound", click, 2)));
            set_timeout(callback, std::time::Duration::from_millis(30));
        };
        view! { <button id="bound" on:click=on_click></button> }
    });
    let traces = click_thirty_times("#bound").await;
    check("bound", &traces, Expected::All(CLICKS * 2)).await;
}

#[wasm_bindgen_test]
async fn a_timer_without_bind_belongs_to_nothing() {
    mount(|| {
        let on_click = |_| {
            let callback = || spawn_local(work("unbound", 0, 1));
            set_timeout(callback, std::time::Duration::from_millis(30));
        };
        view! { <button id="unbound" on:click=on_click></button> }
    });
    let trace = click(&find("#unbound"));
    until(|| asked("/unbound/").len() == 1).await;
    let asked = asked("/unbound/");
    assert!(!asked[0].traceparent.as_ref().unwrap().contains(&trace));
}

#[wasm_bindgen_test]
async fn a_task_whose_root_has_ended_goes_over_to_the_click_that_wakes_it() {
    let clicked = RwSignal::new(0);
    mount(move || {
        // Made in the click's own handler: it is the work of that click, until that is over.
        let on_click = move |_| {
            Effect::new(move |_| {
                let _started = window().fetch_with_str(&format!("/late/{}", clicked.get()));
            });
        };
        view! {
            <button id="early" on:click=on_click></button>
            <button id="late" on:click=move |_| clicked.set(next_click())></button>
        }
    });
    let early = click(&find("#early"));
    finished(&early).await;
    let late = click(&find("#late"));
    until(|| asked("/late/").len() == 2).await;
    let traceparents: Vec<_> = asked("/late/")
        .into_iter()
        .filter_map(|it| it.traceparent)
        .collect();
    assert!(traceparents[0].contains(&early));
    assert!(traceparents[1].contains(&late));
}

#[wasm_bindgen_test]
async fn a_click_that_a_task_makes_belongs_to_the_task() {
    mount(|| {
        let on_click = |_| {
            spawn_local(async {
                get("/download/1").await.unwrap();
                find("#link").click();
                get("/download/2").await.unwrap();
            });
        };
        let on_link = |event: web_sys::MouseEvent| {
            event.prevent_default();
            let _started = window().fetch_with_str("/download/link");
        };
        view! { <button id="download" on:click=on_click></button><a id="link" href="/" on:click=on_link></a> }
    });
    let trace = click(&find("#download"));
    until(|| asked("/download/").len() == 3).await;
    let tree = tree(&finished(&trace).await);
    assert_eq!(tree, "click download\n  GET\n  GET\n  GET\n");
    assert_eq!(
        throughline_browser::last_trace_id().unwrap().to_string(),
        trace
    );
}
