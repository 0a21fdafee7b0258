//! Thirty interleaved clicks: every request belongs to the trace of its click, ten awaits later too.
#![cfg(target_arch = "wasm32")]

mod clicks;
mod support;

use std::cell::Cell;
use std::collections::HashMap;
use std::rc::Rc;

use clicks::*;
use futures::StreamExt;
use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use leptos::task::spawn_local;
use support::{window, *};
use throughline_browser::{bind, traced};
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

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

/// The browser's executor alone: Leptos' has no part in it.
#[wasm_bindgen_test]
async fn a_task_of_our_own_spawn_local_keeps_its_click() {
    set_up();
    html("<button id=plain></button>");
    let on_click = Closure::<dyn Fn()>::new(|| {
        throughline_browser::spawn_local(work("plain", next_click(), AWAITS));
    });
    let on_click = on_click.into_js_value();
    let on_click = on_click.unchecked_ref();
    find("#plain")
        .add_event_listener_with_callback("click", on_click)
        .unwrap();
    let traces = click_thirty_times("#plain").await;
    check("plain", &traces, Expected::All(CLICKS * AWAITS)).await;
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

#[wasm_bindgen_test]
async fn a_server_action_keeps_the_click_that_dispatched_it() {
    mount(|| {
        let action = ServerAction::<Serve>::new();
        let on_click = move |_| {
            action.dispatch(Serve {
                click: next_click(),
            });
        };
        view! { <button id="server-action" on:click=on_click></button> }
    });
    let traces = click_thirty_times("#server-action").await;
    check("api/serve", &traces, Expected::All(CLICKS)).await;
}

#[wasm_bindgen_test]
async fn ten_server_functions_in_a_row_keep_the_click() {
    mount(|| {
        let action = Action::new_local(|click: &u32| {
            let click = *click;
            async move {
                for _ in 0..AWAITS {
                    let _answer = serve_again(click).await;
                }
            }
        });
        let on_click = move |_| {
            action.dispatch_local(next_click());
        };
        view! { <button id="server-functions" on:click=on_click></button> }
    });
    let traces = click_thirty_times("#server-functions").await;
    check("api/again", &traces, Expected::All(CLICKS * AWAITS)).await;
}

#[server(name = Serve, prefix = "/api", endpoint = "serve", input = server_fn::codec::GetUrl)]
async fn serve(click: u32) -> Result<u32, ServerFnError> {
    Ok(click)
}

#[server(name = ServeAgain, prefix = "/api", endpoint = "again", input = server_fn::codec::GetUrl)]
async fn serve_again(click: u32) -> Result<u32, ServerFnError> {
    Ok(click)
}

#[wasm_bindgen_test]
async fn both_halves_of_a_join_and_the_rest_after_it_keep_the_click() {
    mount(|| {
        let on_click = |_| {
            let click = next_click();
            spawn_local(async move {
                futures::join!(work("join", click, AWAITS), work("join", click, AWAITS));
                work("join", click, 1).await;
            });
        };
        view! { <button id="join" on:click=on_click></button> }
    });
    let traces = click_thirty_times("#join").await;
    let all = CLICKS * (2 * AWAITS + 1);
    check("join", &traces, Expected::All(all)).await;
}

#[wasm_bindgen_test]
async fn the_faster_half_of_a_select_and_the_rest_after_it_keep_the_click() {
    mount(|| {
        let on_click = |_| {
            let click = next_click();
            spawn_local(async move {
                for _ in 0..AWAITS {
                    let (left, right) = (work("select", click, 1), TimeoutFuture::new(3));
                    futures::future::select(Box::pin(left), right).await;
                }
            });
        };
        view! { <button id="select" on:click=on_click></button> }
    });
    let traces = click_thirty_times("#select").await;
    check("select", &traces, Expected::All(CLICKS * AWAITS)).await;
}

#[wasm_bindgen_test]
async fn clicks_that_wait_for_the_same_lock_keep_their_own_context() {
    mount(|| {
        let lock = Rc::new(futures::lock::Mutex::new(()));
        let on_click = move |_| {
            let (click, lock) = (next_click(), Rc::clone(&lock));
            spawn_local(async move {
                for _ in 0..AWAITS {
                    let _held = lock.lock().await;
                    get(&format!("/lock/{click}/1")).await.unwrap();
                }
            });
        };
        view! { <button id="lock" on:click=on_click></button> }
    });
    let traces = click_thirty_times("#lock").await;
    check("lock", &traces, Expected::All(CLICKS * AWAITS)).await;
}

#[wasm_bindgen_test]
async fn clicks_that_wake_each_other_through_a_channel_keep_their_own_context() {
    mount(|| {
        // Each click tells the one before it to go on.
        let waiting = Rc::new(Cell::new(None));
        let on_click = move |_| {
            let click = next_click();
            let (sender, receiver) = futures::channel::oneshot::channel::<()>();
            if let Some(sender) = waiting.replace(Some(sender)) {
                let _gone = sender.send(());
            }
            let waiting = Rc::clone(&waiting);
            spawn_local(async move {
                work("channel", click, 1).await;
                if click < CLICK.get() {
                    receiver.await.unwrap();
                }
                drop(waiting);
                work("channel", click, AWAITS - 1).await;
            });
        };
        view! { <button id="channel" on:click=on_click></button> }
    });
    let traces = click_thirty_times("#channel").await;
    check("channel", &traces, Expected::All(CLICKS * AWAITS)).await;
}

#[wasm_bindgen_test]
async fn a_task_of_the_page_serves_the_click_that_wakes_it_and_is_measured_for_several_at_once() {
    mount(|| {
        let (orders, mut incoming) = futures::channel::mpsc::unbounded::<u32>();
        spawn_local(async move {
            while let Some(click) = incoming.next().await {
                get(&format!("/orders/{click}/1")).await.unwrap();
            }
        });
        let on_click = move |_| orders.unbounded_send(next_click()).unwrap();
        view! { <button id="orders" on:click=on_click></button> }
    });
    let mut alone = HashMap::new();
    next_macrotask().await;
    for order in 1..=5 {
        alone.insert(CLICK.get() + 1, click(&find("#orders")));
        until(|| asked("/orders/").len() == order).await;
        // Its answer comes within 8 ms.
        TimeoutFuture::new(20).await;
    }
    check("orders", &alone, Expected::All(5)).await;
    // Those that come while another is served are told of by the first wake alone.
    let mut traces = click_thirty_times("#orders").await;
    traces.extend(alone);
    measure("orders", &traces).await;
}

#[wasm_bindgen_test]
async fn an_exception_that_is_thrown_through_a_poll_leaves_no_context_behind() {
    mount(|| {
        let on_click = |_| {
            spawn_local(traced(|()| async {
                get("/throws/1").await.unwrap();
                wasm_bindgen::throw_str("thrown by a test");
            })(()))
        };
        view! {
            <button id="throws" on:click=on_click></button>
            <button id="sound" on:click=|_| spawn_local(work("sound", next_click(), AWAITS))></button>
        }
    });
    let thrown = Rc::new(Cell::new(false));
    let listener = {
        let thrown = Rc::clone(&thrown);
        Closure::<dyn Fn(web_sys::Event)>::new(move |event: web_sys::Event| {
            event.prevent_default();
            event.stop_immediate_propagation();
            thrown.set(true);
        })
    };
    window()
        .add_event_listener_with_callback_and_bool("error", listener.as_ref().unchecked_ref(), true)
        .unwrap();
    click(&find("#throws"));
    until(|| thrown.get()).await;
    next_macrotask().await;
    assert!(!opentelemetry::Context::map_current(|cx| {
        opentelemetry::trace::TraceContextExt::has_active_span(cx)
    }));
    let traces = click_thirty_times("#sound").await;
    check("sound", &traces, Expected::All(CLICKS * AWAITS)).await;
    drop(window().remove_event_listener_with_callback_and_bool(
        "error",
        listener.as_ref().unchecked_ref(),
        true,
    ));
}
