//! Thirty interleaved clicks: every request belongs to the trace of its click, ten awaits later too.
#![cfg(target_arch = "wasm32")]

mod support;

use std::cell::Cell;
use std::collections::HashMap;
use std::rc::Rc;

use futures::StreamExt;
use gloo_timers::future::TimeoutFuture;
use leptos::__reexports::send_wrapper::SendWrapper;
use leptos::mount::mount_to;
use leptos::prelude::*;
use leptos::task::spawn_local;
use support::{window, *};
use throughline_browser::{bind, traced, traced_source};
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;
use wasm_bindgen_test::{console_log, wasm_bindgen_test, wasm_bindgen_test_configure};

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
async fn measure(name: &str, traces: &HashMap<u32, String>) {
    let (right, wrong) = requests(name, traces, Expected::AtLeast(1)).await;
    let all = right + wrong.len();
    console_log!("{name}: {right} of {all} requests are in the trace of their click");
    assert!(right > 0, "none of {all}");
}

/// How many requests at `/name/` carry the trace of their click, and which do not, once no more come.
async fn requests(
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
    for _ in 0..192 {
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

#[wasm_bindgen_test]
async fn what_effects_spawned_and_waits_for_one_lock_is_measured() {
    mount(|| {
        let lock = StoredValue::new_local(Rc::new(futures::lock::Mutex::new(())));
        let clicked = RwSignal::new(0);
        Effect::new(move |_| {
            let (click, lock) = (clicked.get(), lock.get_value());
            if click > 0 {
                spawn_local(async move {
                    for _ in 0..AWAITS {
                        let _held = lock.lock().await;
                        get(&format!("/effects-lock/{click}/1")).await.unwrap();
                    }
                });
            }
        });
        view! { <button id="effects-lock" on:click=move |_| clicked.set(next_click())></button> }
    });
    let traces = click_thirty_times("#effects-lock").await;
    measure("effects-lock", &traces).await;
}
