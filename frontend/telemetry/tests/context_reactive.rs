//! Thirty interleaved clicks, and what reacts to them: effects, resources, the router.
#![cfg(target_arch = "wasm32")]

mod clicks;
mod support;

use std::collections::HashMap;
use std::rc::Rc;

use clicks::*;
use gloo_timers::future::TimeoutFuture;
use leptos::__reexports::send_wrapper::SendWrapper;
use leptos::prelude::*;
use leptos::task::spawn_local;
use support::{window, *};
use throughline_browser::{traced, traced_source};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

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
async fn a_local_resource_without_traced_is_measured() {
    mount(|| {
        let clicked = RwSignal::new(0);
        let resource = LocalResource::new(move || {
            let click = clicked.get();
            async move {
                if click > 0 {
                    work("untraced", click, 1).await;
                }
            }
        });
        Effect::new(move |_| resource.get());
        view! { <button id="untraced" on:click=move |_| clicked.set(next_click())></button> }
    });
    let traces = click_thirty_times("#untraced").await;
    measure("untraced", &traces).await;
}

#[wasm_bindgen_test]
async fn a_navigation_and_what_the_new_page_loads_belong_to_the_click() {
    use leptos_router::components::{A, Route, Router, Routes};
    use leptos_router::hooks::use_params_map;
    use leptos_router::path;

    #[component]
    fn Page() -> impl IntoView {
        let params = use_params_map();
        Effect::new(move |_| {
            let click = params.read().get("click").unwrap_or_default().parse();
            spawn_local(work("router", click.unwrap_or_default(), AWAITS));
        });
    }
    let left = window().location().href().unwrap();
    mount(|| {
        let next = RwSignal::new(CLICK.get() + 1);
        view! {
            <Router>
                <span id="router" on:click=move |_| next.set(next_click() + 1)>
                    <A href=move || format!("/page/{}", next.get())>"Next"</A>
                </span>
                <Routes fallback=|| ()>
                    <Route path=path!("/page/:click") view=Page/>
                </Routes>
            </Router>
        }
    });
    let traces = click_thirty_times("#router a").await;
    check("router", &traces, Expected::All(CLICKS * AWAITS)).await;
    let history = window().history().unwrap();
    history
        .replace_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some(&left))
        .unwrap();
}

/// Two controls change a source while runs overlap: with and without `traced_source`.
#[wasm_bindgen_test]
async fn a_run_belongs_to_the_control_that_changed_its_source_last() {
    mount(|| {
        let (left, right) = (RwSignal::new(0), RwSignal::new(0));
        let both = move || left.get().max(right.get());
        let run = |name: &'static str| {
            move |click: u32| {
                SendWrapper::new(async move {
                    if click > 0 {
                        work(name, click, 3).await;
                    }
                })
            }
        };
        let exact = Resource::new(traced_source(both), traced(run("two-exact")));
        let memo = Memo::new(move |_| both());
        let of_memo = Resource::new(traced_source(move || memo.get()), traced(run("two-memo")));
        let local = traced(run("two-local"));
        let local = LocalResource::new(traced_source(move || local(both())));
        let first = Resource::new(both, traced(run("two-first")));
        Effect::new(move |_| (exact.get(), of_memo.get(), local.get(), first.get()));
        view! {
            <button id="two-left" on:click=move |_| left.set(next_click())></button>
            <button id="two-right" on:click=move |_| right.set(next_click())></button>
        }
    });
    next_macrotask().await;
    let buttons = [find("#two-left"), find("#two-right")];
    let mut traces = HashMap::new();
    for _ in 0..150 {
        let trace = click(&buttons[usize::from(js_sys::Math::random() < 0.5)]);
        traces.insert(CLICK.get(), trace);
        TimeoutFuture::new((js_sys::Math::random() * 12.0) as u32).await;
    }
    measure("two-first", &traces).await;
    for name in ["two-exact", "two-memo", "two-local"] {
        check(name, &traces, Expected::AtLeast(96)).await;
    }
}

#[wasm_bindgen_test]
async fn an_effect_that_a_timer_wakes_is_no_part_of_the_click_before_it() {
    let (clicked, ticked) = (RwSignal::new(0), RwSignal::new(0));
    mount(move || {
        Effect::new(traced_source(move || {
            let what = if ticked.get() > 0 { "tick" } else { "click" };
            if clicked.get() > 0 {
                let _started = window().fetch_with_str(&format!("/woken-by/{what}"));
            }
        }));
        let on_click = move |_| {
            spawn_local(work("meanwhile", 1, AWAITS));
            clicked.set(next_click());
        };
        view! { <button id="ticking" on:click=on_click></button> }
    });
    next_macrotask().await;
    let trace = click(&find("#ticking"));
    until(|| asked("/woken-by/click").len() == 1).await;
    ticked.set(1);
    until(|| asked("/woken-by/tick").len() == 1).await;
    let of_click = |path| {
        asked(path)[0]
            .traceparent
            .as_ref()
            .unwrap()
            .contains(&trace)
    };
    assert!(of_click("/woken-by/click"));
    assert!(!of_click("/woken-by/tick"));
}

#[wasm_bindgen_test]
async fn ticks_that_wake_an_effect_do_not_keep_the_click_before_them_open() {
    let (clicked, ticked) = (RwSignal::new(0), RwSignal::new(0));
    mount(move || {
        Effect::new(move |_| clicked.get() + ticked.get());
        view! { <button id="ticked" on:click=move |_| clicked.set(next_click())></button> }
    });
    next_macrotask().await;
    let trace = click(&find("#ticked"));
    let began = js_sys::Date::now();
    until(|| {
        ticked.update(|it| *it += 1);
        !exported(&trace).is_empty()
    })
    .await;
    assert!(js_sys::Date::now() - began < 2000.0);
}

/// Ten times, one at a time of all clicks.
async fn wait_for_lock(name: &'static str, click: u32, lock: Rc<futures::lock::Mutex<()>>) {
    for _ in 0..AWAITS {
        let _held = lock.lock().await;
        get(&format!("/{name}/{click}/1")).await.unwrap();
    }
}

#[wasm_bindgen_test]
async fn what_an_effect_spawned_keeps_its_click_through_traced_whoever_lets_it_go_on() {
    mount(|| {
        let lock = || StoredValue::new_local(Rc::new(futures::lock::Mutex::new(())));
        let (with, without) = (lock(), lock());
        let clicked = RwSignal::new(0);
        Effect::new(move |_| {
            let click = clicked.get();
            if click > 0 {
                let work = traced(move |lock| wait_for_lock("reaction-traced", click, lock));
                spawn_local(work(with.get_value()));
                spawn_local(wait_for_lock("reaction-alone", click, without.get_value()));
            }
        });
        view! { <button id="reaction" on:click=move |_| clicked.set(next_click())></button> }
    });
    let traces = click_thirty_times("#reaction").await;
    measure("reaction-alone", &traces).await;
    check("reaction-traced", &traces, Expected::All(CLICKS * AWAITS)).await;
}
