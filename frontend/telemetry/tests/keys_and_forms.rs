//! Interactions that are no clicks: keys that activate what is a control by its role only, forms and choices in shadow
//! trees; and which of them lead to another page.
#![cfg(target_arch = "wasm32")]

mod support;

use gloo_timers::future::TimeoutFuture;
use js_sys::Reflect;
use support::*;
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{Element, Event, HtmlElement, HtmlFormElement, ShadowRoot};

wasm_bindgen_test_configure!(run_in_browser);

fn on(target: &Element, event: &str, handler: impl Fn(Event) + 'static) {
    let handler = Closure::<dyn Fn(Event)>::new(handler).into_js_value();
    target
        .add_event_listener_with_callback(event, handler.unchecked_ref())
        .unwrap();
}

/// Dispatches an event of this class, as the browser would.
fn dispatch(target: &Element, class: &str, event: &str, key: &str, is_composed: bool) {
    let body = "target.dispatchEvent(new window[type](event, { key, composed, bubbles: true, cancelable: true }))";
    let dispatch = script("target, type, event, key, composed", body);
    let arguments: [JsValue; 5] = [
        target.into(),
        class.into(),
        event.into(),
        key.into(),
        is_composed.into(),
    ];
    dispatch
        .apply(
            &JsValue::UNDEFINED,
            &arguments.iter().collect::<js_sys::Array>(),
        )
        .unwrap();
}

fn press(target: &Element, key: &str) {
    dispatch(target, "KeyboardEvent", "keydown", key, true);
}

fn last() -> String {
    throughline_browser::last_trace_id()
        .map(|it| it.to_string())
        .unwrap_or_default()
}

/// The roots that come of something that is done in one task of the browser, with what happens in them.
async fn done(something: impl FnOnce()) -> String {
    let before = (roots().len(), last());
    something();
    if last() == before.1 {
        return String::new();
    }
    let spans = finished(&last()).await;
    assert_eq!(roots().len(), before.0 + 1);
    tree(&spans)
}

#[wasm_bindgen_test]
async fn a_key_that_activates_what_is_a_button_by_its_role_is_one_root() {
    set_up();
    html(
        r#"<div id="save" role="button" tabindex="0"></div><i id="twice" role="switch" tabindex="0"></i>"#,
    );
    on(&find("#save"), "keydown", |_| {
        let _started = window().fetch_with_str("/key");
    });
    on(&find("#twice"), "keydown", |event| {
        event
            .target()
            .unwrap()
            .unchecked_into::<HtmlElement>()
            .click();
    });
    for key in ["Enter", " "] {
        assert_eq!(
            done(|| press(&find("#save"), key)).await,
            "click save\n  GET\n"
        );
        assert_eq!(done(|| press(&find("#twice"), key)).await, "click twice\n");
    }
}

#[wasm_bindgen_test]
async fn what_acts_when_space_is_let_go_is_one_root() {
    set_up();
    html(r#"<div id="late" role="button" tabindex="0"></div>"#);
    let late = find("#late");
    on(&late, "keyup", |event| {
        let target = event.target().unwrap();
        target.unchecked_into::<HtmlElement>().click();
    });
    on(&late, "click", |_| {
        let _started = window().fetch_with_str("/late");
    });
    let before = roots().len();
    press(&late, " ");
    let trace = last();
    TimeoutFuture::new(50).await;
    dispatch(&late, "KeyboardEvent", "keyup", " ", true);
    assert_eq!(last(), trace);
    assert_eq!(tree(&finished(&trace).await), "click late\n  GET\n");
    assert_eq!(roots().len(), before + 1);
}

#[wasm_bindgen_test]
async fn a_key_that_types_or_that_the_browser_makes_a_click_of_is_none() {
    set_up();
    html(
        r##"<div id="role" role="button" tabindex="0"></div><button id="native" role="tab"></button>
           <input id="input" data-trace="a"><p id="box" role="textbox" data-trace="b"></p>
           <a id="link" href="#there" role="button"></a><p id="plain" tabindex="0"></p>
           <p id="edited" data-trace="c" contenteditable></p>"##,
    );
    assert_eq!(done(|| press(&find("#role"), "a")).await, "");
    for id in ["#native", "#input", "#box", "#link", "#plain", "#edited"] {
        for key in ["Enter", " "] {
            assert_eq!(done(|| press(&find(id), key)).await, "", "{id}");
        }
    }
}

/// An open shadow tree in the page.
fn shadow(content: &str) -> ShadowRoot {
    let init = web_sys::ShadowRootInit::new(web_sys::ShadowRootMode::Open);
    let shadow = html("").attach_shadow(&init).unwrap();
    shadow.set_inner_html(content);
    shadow
}

#[wasm_bindgen_test]
async fn a_choice_in_a_shadow_tree_is_one_root() {
    set_up();
    let shadow = shadow(r#"<select id="size"></select>"#);
    let select = shadow.query_selector("select").unwrap().unwrap();
    for _ in 0..2 {
        let chosen = done(|| {
            dispatch(&select, "Event", "pointerdown", "", true);
            dispatch(&select, "Event", "change", "", false);
        });
        assert_eq!(chosen.await, "change size\n");
    }
}

#[wasm_bindgen_test]
async fn a_form_in_a_shadow_tree_that_is_sent_is_one_root() {
    set_up();
    let shadow = shadow(r#"<form><input><button id="go"></button></form>"#);
    let form: HtmlFormElement = shadow
        .query_selector("form")
        .unwrap()
        .unwrap()
        .unchecked_into();
    on(&form, "submit", |event| {
        event.prevent_default();
        let _started = window().fetch_with_str("/shadow");
    });
    let button: HtmlElement = shadow
        .query_selector("button")
        .unwrap()
        .unwrap()
        .unchecked_into();
    assert_eq!(done(|| button.click()).await, "click go\n  GET\n");
    let input = shadow.query_selector("input").unwrap().unwrap();
    let by_enter = done(|| {
        press(&input, "Enter");
        form.request_submit().unwrap();
    });
    assert_eq!(by_enter.await, "submit go\n  GET\n");
}

/// Whether a form of this kind, sent by such a button, is taken to load another page.
async fn is_leaving(form: &str, button: &str) -> bool {
    let page = html(&format!(
        r#"<iframe name="beside"></iframe>
           <form action="javascript:void(0)" {form}><button {button}></button></form>"#
    ));
    let form = page.query_selector("form").unwrap().unwrap();
    let button = page.query_selector("button").unwrap().unwrap();
    let request_submit = Reflect::get(&form, &"requestSubmit".into()).unwrap();
    let request_submit: js_sys::Function = request_submit.unchecked_into();
    request_submit.call1(&form, &button).unwrap();
    let trace = last();
    TimeoutFuture::new(50).await;
    throughline_browser::flush();
    TimeoutFuture::new(50).await;
    let is_open = exported(&trace).is_empty();
    window()
        .dispatch_event(&Event::new("pagehide").unwrap())
        .unwrap();
    finished(&trace).await;
    is_open
}

#[wasm_bindgen_test]
async fn the_button_has_the_last_word_on_where_a_form_leads() {
    set_up();
    for (form, button) in [
        ("", ""),
        ("target=_SELF", ""),
        ("target=_top", ""),
        ("target=_parent", ""),
        ("target=beside", "formtarget=_self"),
        ("target=beside", "formtarget=''"),
        ("method=dialog", "formmethod=get"),
    ] {
        assert!(is_leaving(form, button).await, "{form} {button}");
    }
    for (form, button) in [
        ("target=beside", ""),
        ("", "formtarget=beside"),
        ("target=_top", "formtarget=beside"),
        ("method=dialog", ""),
        ("", "formmethod=dialog"),
    ] {
        assert!(!is_leaving(form, button).await, "{form} {button}");
    }
}
