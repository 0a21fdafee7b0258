//! One root for one interaction, with the right name and the right end.
#![cfg(target_arch = "wasm32")]

mod support;

use gloo_timers::future::TimeoutFuture;
use opentelemetry::trace::{TraceContextExt, Tracer};
use opentelemetry::{Context, global};
use support::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{Event, EventTarget, HtmlFormElement, MouseEvent, MouseEventInit};

wasm_bindgen_test_configure!(run_in_browser);

fn on(target: &EventTarget, event: &str, handler: impl Fn(Event) + 'static) {
    let handler = Closure::<dyn Fn(Event)>::new(handler).into_js_value();
    target
        .add_event_listener_with_callback(event, handler.unchecked_ref())
        .unwrap();
}

/// A click as a mouse makes it, on whatever is inside.
fn click_on(target: &EventTarget) {
    let init = MouseEventInit::new();
    init.set_bubbles(true);
    init.set_cancelable(true);
    init.set_composed(true);
    target
        .dispatch_event(&MouseEvent::new_with_mouse_event_init_dict("click", &init).unwrap())
        .unwrap();
}

fn last() -> String {
    throughline_browser::last_trace_id()
        .map(|it| it.to_string())
        .unwrap_or_default()
}

/// The tree of the trace of the last interaction, once that is over.
async fn last_tree() -> String {
    let trace = last();
    next_macrotask().await;
    tree(&finished(&trace).await)
}

fn start_request(path: &str) {
    let _started = window().fetch_with_str(path);
}

#[wasm_bindgen_test]
async fn a_click_on_an_icon_with_five_listeners_is_one_root() {
    set_up();
    let page = html(
        r#"<section><p><button data-trace="save"><svg id="icon"></svg></button></p></section>"#,
    );
    let button = page.query_selector("button").unwrap().unwrap();
    for (listener, selector) in ["svg", "button", "p", "section", "button"]
        .into_iter()
        .enumerate()
    {
        let element = page.query_selector(selector).unwrap().unwrap();
        on(&element, "click", move |_| {
            start_request(&format!("/five/{listener}"))
        });
    }
    on(&button, "click", |event| event.stop_propagation());
    let before = roots().len();
    click_on(&page.query_selector("#icon").unwrap().unwrap());
    assert_eq!(last_tree().await, "click save\n  GET\n  GET\n  GET\n");
    assert_eq!(roots().len(), before + 1);
}

#[wasm_bindgen_test]
async fn a_root_has_its_name_from_what_tells_the_control_apart() {
    set_up();
    let page = html(
        r#"<button data-trace="a" id="b">Text</button><button id="b2" name="c"></button>
           <button name="c" aria-label="d"></button><button aria-label="d" role="tab"></button>
           <span role="tab">Text</span><button>Secret</button><label>Text<input id="box" type="checkbox"></label>"#,
    );
    let mut names = Vec::new();
    let controls = page.query_selector_all("button, span, label").unwrap();
    for index in 0..controls.length() {
        click_on(&controls.get(index).unwrap());
        names.push(last_tree().await);
    }
    assert_eq!(
        names.concat(),
        "click a\nclick b2\nclick c\nclick d\nclick tab\nclick button\nclick box\n"
    );
}

#[wasm_bindgen_test]
async fn a_click_on_nothing_in_particular_is_no_interaction() {
    set_up();
    let page = html("<p>Text</p>");
    let before = last();
    click_on(&page.query_selector("p").unwrap().unwrap());
    assert_eq!(last(), before);
}

#[wasm_bindgen_test]
async fn the_submit_that_follows_a_click_belongs_to_it() {
    set_up();
    let page = html(r#"<form name="login"><input name="mail"><button id="go">Go</button></form>"#);
    on(
        &page.query_selector("form").unwrap().unwrap(),
        "submit",
        |event| {
            event.prevent_default();
            start_request("/login");
        },
    );
    let before = roots().len();
    find("#go").click();
    assert_eq!(last_tree().await, "click go\n  GET\n");
    assert_eq!(roots().len(), before + 1);
}

#[wasm_bindgen_test]
async fn a_form_that_is_sent_without_a_click_is_called_submit() {
    set_up();
    let page =
        html(r#"<form id="search"><input name="q"><button data-trace="find">Go</button></form>"#);
    let form: HtmlFormElement = page
        .query_selector("form")
        .unwrap()
        .unwrap()
        .unchecked_into();
    on(&form, "submit", |event| {
        event.prevent_default();
        start_request("/search");
    });
    form.request_submit().unwrap();
    assert_eq!(last_tree().await, "submit find\n  GET\n");
}

#[wasm_bindgen_test]
async fn a_choice_is_an_interaction_and_a_typed_text_is_not() {
    set_up();
    let page = html(r#"<select name="size"></select><input name="mail">"#);
    let change = |selector: &str| {
        let init = web_sys::EventInit::new();
        init.set_bubbles(true);
        let event = Event::new_with_event_init_dict("change", &init).unwrap();
        page.query_selector(selector)
            .unwrap()
            .unwrap()
            .dispatch_event(&event)
            .unwrap();
    };
    let before = last();
    change("input");
    assert_eq!(last(), before);
    change("select");
    assert_eq!(last_tree().await, "change size\n");
}

#[wasm_bindgen_test]
async fn a_root_ends_with_its_last_child_and_not_before() {
    set_up();
    let page = html(r#"<button data-trace="work"></button>"#);
    let button: EventTarget = page.query_selector("button").unwrap().unwrap().into();
    on(&button, "click", |_| {
        leptos::task::spawn_local(work("lifetime", 1, 3))
    });
    click_on(&button);
    let trace = last();
    let spans = finished(&trace).await;
    assert_eq!(tree(&spans), "click work\n  GET\n  GET\n  GET\n");
    let root = spans
        .iter()
        .find(|it| it.parent_span_id.is_empty())
        .unwrap();
    assert_eq!(
        root.end,
        spans
            .iter()
            .filter(|it| it.kind == 3)
            .map(|it| it.end)
            .max()
            .unwrap()
    );
    assert!(
        spans
            .iter()
            .all(|it| root.start <= it.start && it.start <= it.end && it.end <= root.end)
    );
}

#[wasm_bindgen_test]
async fn a_root_without_work_ends_at_once() {
    set_up();
    let page = html(r#"<button data-trace="idle"></button>"#);
    click_on(&page.query_selector("button").unwrap().unwrap());
    let spans = finished(&last()).await;
    assert!(spans[0].end - spans[0].start < 100_000_000, "{spans:?}");
}

#[wasm_bindgen_test]
async fn a_page_that_is_left_sends_its_root_and_what_has_ended() {
    set_up();
    let page = html(r#"<button data-trace="leave"></button>"#);
    let button: EventTarget = page.query_selector("button").unwrap().unwrap().into();
    on(&button, "click", |_| {
        leptos::task::spawn_local(async {
            get("/leave").await.unwrap();
            window()
                .dispatch_event(&Event::new("pagehide").unwrap())
                .unwrap();
        });
    });
    let with_keepalive = keepalive_exports();
    click_on(&button);
    let trace = last();
    until(|| asked("/leave").len() == 1 && exported(&trace).len() == 2).await;
    assert_eq!(tree(&exported(&trace)), "click leave\n  GET\n");
    assert!(keepalive_exports() > with_keepalive);
}

#[wasm_bindgen_test]
async fn a_page_that_is_left_sends_the_span_of_a_request_that_is_not_answered_yet() {
    set_up();
    let page = html(r#"<button data-trace="leave-early"></button>"#);
    let button: EventTarget = page.query_selector("button").unwrap().unwrap().into();
    on(&button, "click", |_| {
        leptos::task::spawn_local(async {
            get("/unanswered").await.unwrap();
        });
        leptos::task::spawn_local(async {
            until(|| asked("/unanswered").len() == 1).await;
            window()
                .dispatch_event(&Event::new("pagehide").unwrap())
                .unwrap();
        });
    });
    click_on(&button);
    let trace = last();
    until(|| exported(&trace).len() == 2).await;
    let spans = exported(&trace);
    assert_eq!(tree(&spans), "click leave-early\n  GET\n");
    let request = spans.iter().find(|it| it.name == "GET").unwrap();
    assert_eq!(request.int("http.response.status_code"), None);
    assert!(!request.is_error());
}

#[wasm_bindgen_test]
async fn spans_of_the_api_are_children_of_the_click_and_account_for_themselves() {
    set_up();
    let page = html(r#"<button data-trace="own"></button>"#);
    let button: EventTarget = page.query_selector("button").unwrap().unwrap().into();
    on(&button, "click", |_| {
        global::tracer("test").in_span("outer", |cx: Context| {
            cx.span().add_event("something", vec![]);
            cx.span().update_name("renamed");
            let _dropped = global::tracer("test").start("inner");
        });
    });
    click_on(&button);
    assert_eq!(last_tree().await, "click own\n  renamed\n    inner\n");
    assert!(throughline_browser::ledger().balances());
}

#[wasm_bindgen_test]
async fn a_span_that_hides_its_type_is_as_exact_as_any() {
    set_up();
    let span = global::tracer("test").start("exact");
    let trace = {
        let cx = Context::new().with_span(span);
        cx.span().end();
        cx.span().span_context().trace_id().to_string()
    };
    let spans = finished(&trace).await;
    assert!(
        spans[0].end >= spans[0].start && spans[0].end - spans[0].start < 1_000_000,
        "{spans:?}"
    );
    assert_eq!(spans[0].flags & 0xff, 3);
}

#[wasm_bindgen_test]
async fn a_second_install_changes_nothing() {
    set_up();
    throughline_browser::init("another").install();
    let span = global::tracer("test").start("after");
    let trace = opentelemetry::trace::Span::span_context(&span)
        .trace_id()
        .to_string();
    drop(span);
    finished(&trace).await;
    assert_eq!(resource("service.name").as_deref(), Some("test"));
    assert_eq!(resource("service.version").as_deref(), Some("1.2.3"));
    assert!(resource("user_agent.original").is_some_and(|it| it.contains("Chrom")));
}

#[wasm_bindgen_test]
async fn a_page_that_comes_back_goes_on() {
    set_up();
    let page = html(r#"<button data-trace="back"></button>"#);
    let button: EventTarget = page.query_selector("button").unwrap().unwrap().into();
    on(&button, "click", |_| start_request("/back"));
    click_on(&button);
    let left = last();
    for event in ["pagehide", "pageshow"] {
        window()
            .dispatch_event(&Event::new(event).unwrap())
            .unwrap();
    }
    until(|| exported(&left).len() == 2).await;
    assert_eq!(tree(&exported(&left)), "click back\n  GET\n");
    click_on(&button);
    assert_eq!(last_tree().await, "click back\n  GET\n");
    assert_ne!(last(), left);
}

#[wasm_bindgen_test]
async fn a_form_whose_fields_hide_its_properties_is_still_a_form() {
    set_up();
    let page = html(
        r#"<form id="tags"><input name="tagName"><input name="form"><input name="matches"></form>"#,
    );
    let form = page.query_selector("form").unwrap().unwrap();
    let init = web_sys::EventInit::new();
    init.set_bubbles(true);
    form.dispatch_event(&Event::new_with_event_init_dict("submit", &init).unwrap())
        .unwrap();
    let trace = last();
    next_macrotask().await;
    let spans = finished(&trace).await;
    assert_eq!(tree(&spans), "submit tags\n");
}

/// Dispatches an event of this type, as the browser would.
fn dispatch(target: &EventTarget, event: &str) {
    let init = web_sys::EventInit::new();
    init.set_bubbles(true);
    target
        .dispatch_event(&Event::new_with_event_init_dict(event, &init).unwrap())
        .unwrap();
}

/// The roots that come of something that is done in one task of the browser.
async fn roots_of(something: impl FnOnce()) -> Vec<String> {
    let before = roots().len();
    something();
    last_tree().await;
    roots().split_off(before)
}

/// Why the interaction of this trace ended.
async fn end_of(trace: &str) -> String {
    let spans = finished(trace).await;
    let root = spans.iter().find(|it| it.parent_span_id.is_empty());
    root.unwrap().text("throughline.interaction.end").unwrap()
}

#[wasm_bindgen_test]
async fn a_label_and_its_control_are_one_root() {
    set_up();
    html(
        r#"<label id="around">Text <b id="bold">bold</b><input id="inside" type="checkbox"></label>
           <label id="beside" for="other">Text</label><input id="other" type="radio">"#,
    );
    for (clicked, name) in [
        ("#around", "click inside"),
        ("#bold", "click inside"),
        ("#inside", "click inside"),
        ("#beside", "click other"),
    ] {
        assert_eq!(roots_of(|| find(clicked).click()).await, [name]);
    }
}

#[wasm_bindgen_test]
async fn a_summary_is_a_control() {
    set_up();
    html(r#"<details><summary id="more"><i id="sign"></i>More</summary>Text</details>"#);
    assert_eq!(roots_of(|| find("#sign").click()).await, ["click more"]);
}

#[wasm_bindgen_test]
async fn a_choice_from_a_list_is_one_root_however_many_events_it_is() {
    set_up();
    html(
        r#"<select id="popup"><option>a</option></select>
           <select id="shown" size="3"><option id="first-option">a</option></select>"#,
    );
    // A list that pops up: Chromium tells of the choice, and clicks on the list.
    let popup = roots_of(|| {
        dispatch(&find("#popup"), "change");
        click_on(&find("#popup"));
    });
    assert_eq!(popup.await, ["change popup"]);
    let shown = roots_of(|| {
        dispatch(&find("#shown"), "change");
        click_on(&find("#first-option"));
    });
    assert_eq!(shown.await, ["change shown"]);
    let clicked_first = roots_of(|| {
        click_on(&find("#first-option"));
        dispatch(&find("#shown"), "change");
    });
    assert_eq!(clicked_first.await, ["click shown"]);
}

#[wasm_bindgen_test]
async fn a_change_that_follows_a_click_on_the_same_list_belongs_to_it_while_that_is_open() {
    set_up();
    html(r#"<select id="colour"><option>a</option></select>"#);
    on(&find("#colour"), "click", |_| {
        leptos::task::spawn_local(work("colour", 1, 3))
    });
    let before = roots().len();
    click_on(&find("#colour"));
    until(|| asked("/colour/").len() == 2).await;
    dispatch(&find("#colour"), "change");
    assert_eq!(last_tree().await, "click colour\n  GET\n  GET\n  GET\n");
    assert_eq!(roots().len(), before + 1);
}

#[wasm_bindgen_test]
async fn a_click_by_the_keyboard_is_a_click() {
    set_up();
    html(
        r##"<form><button id="by-key">Go</button></form><a id="by-enter" href="#there">There</a>"##,
    );
    on(&find("#by-key"), "click", |event| event.prevent_default());
    for (id, name) in [("#by-key", "click by-key"), ("#by-enter", "click by-enter")] {
        find(id).focus().unwrap();
        // What the browser makes of Enter and Space has no clicks to count.
        assert_eq!(roots_of(|| find(id).click()).await, [name]);
    }
}

#[wasm_bindgen_test]
async fn a_control_in_a_shadow_tree_is_one_root_by_its_own_name() {
    set_up();
    let host = html("");
    let init = web_sys::ShadowRootInit::new(web_sys::ShadowRootMode::Open);
    let shadow = host.attach_shadow(&init).unwrap();
    shadow.set_inner_html(r#"<button id="hidden"><slot></slot></button>"#);
    host.set_inner_html("<svg><path></path></svg>");
    let path = host.query_selector("path").unwrap().unwrap();
    assert_eq!(roots_of(|| click_on(&path)).await, ["click hidden"]);
}

#[wasm_bindgen_test]
async fn a_document_that_stops_every_click_hides_none() {
    set_up();
    html(r#"<p id="quiet"><button id="stopped">Text</button></p>"#);
    let stop = Closure::<dyn Fn(Event)>::new(|event: Event| {
        let target: web_sys::Element = event.target().unwrap().unchecked_into();
        if target.id() == "stopped" {
            event.stop_immediate_propagation();
            start_request("/stopped");
        }
    });
    window()
        .document()
        .unwrap()
        .add_event_listener_with_callback_and_bool(
            "click",
            stop.into_js_value().unchecked_ref(),
            true,
        )
        .unwrap();
    click_on(&find("#stopped"));
    assert_eq!(last_tree().await, "click stopped\n  GET\n");
}

#[wasm_bindgen_test]
async fn a_form_that_loads_another_page_is_open_until_this_one_is_left() {
    set_up();
    // The browser sends it, but finds nothing to load.
    let page = html(r#"<form id="native" action="javascript:void(0)"><button></button></form>"#);
    let form: HtmlFormElement = page
        .query_selector("form")
        .unwrap()
        .unwrap()
        .unchecked_into();
    form.request_submit().unwrap();
    let trace = last();
    TimeoutFuture::new(100).await;
    assert!(exported(&trace).is_empty());
    dispatch(&window(), "pagehide");
    assert_eq!(end_of(&trace).await, "pagehide");
    let spans = exported(&trace);
    assert_eq!(tree(&spans), "submit native\n");
    assert!(spans[0].end - spans[0].start >= 100_000_000);
}

#[wasm_bindgen_test]
async fn a_dialog_that_is_closed_by_a_form_leaves_no_page() {
    set_up();
    let page =
        html(r#"<dialog open><form id="ask" method="Dialog"><button></button></form></dialog>"#);
    let form: HtmlFormElement = page
        .query_selector("form")
        .unwrap()
        .unwrap()
        .unchecked_into();
    form.request_submit().unwrap();
    assert_eq!(end_of(&last()).await, "idle");
}

#[wasm_bindgen_test]
async fn a_root_says_why_it_ended() {
    set_up();
    html(
        r#"<button id="nothing"></button><button id="one"></button><button id="parked"></button>"#,
    );
    on(&find("#one"), "click", |_| start_request("/one"));
    on(&find("#parked"), "click", |_| {
        leptos::task::spawn_local(std::future::pending())
    });
    for (id, why) in [
        ("#nothing", "idle"),
        ("#one", "children"),
        ("#parked", "idle"),
    ] {
        let trace = click(&find(id));
        assert_eq!(end_of(&trace).await, why, "{id}");
    }
}
