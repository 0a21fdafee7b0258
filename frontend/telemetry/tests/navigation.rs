//! Navigations within the document: what `leptos_router` does, and what the page does by itself.
#![cfg(all(target_arch = "wasm32", feature = "navigation"))]

mod support;

use leptos::prelude::*;
use leptos_router::components::{A, Route, Router, Routes};
use leptos_router::path;
use support::window;
use support::*;
use wasm_bindgen::JsValue;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

fn history() -> web_sys::History {
    window().history().unwrap()
}

fn push(path: &str) {
    let (state, path) = (JsValue::NULL, Some(path));
    history().push_state_with_url(&state, "", path).unwrap();
}

/// The navigations to an address of this ending that were exported so far.
fn navigations(to: &str) -> Vec<Span> {
    let mut all = spans("navigation");
    all.retain(|it| it.text("url.full").unwrap().ends_with(to));
    all
}

async fn navigation(to: &str) -> Span {
    until(|| !navigations(to).is_empty()).await;
    navigations(to).remove(0)
}

fn of(span: &Span) -> (Option<String>, bool) {
    let kind = span.text("browser.navigation.type");
    (kind, span.parent_span_id.is_empty())
}

#[wasm_bindgen_test]
async fn a_route_that_is_clicked_is_a_part_of_the_click() {
    #[component]
    fn Page() -> impl IntoView {
        view! {
            <Router>
                <A href="/users/7?token=secret" attr:id="to-user">"Seven"</A>
                <Routes fallback=|| "home">
                    <Route path=path!("/users/:id") view=|| view! { <p id="user">"user"</p> }/>
                </Routes>
            </Router>
        }
    }
    set_up();
    leptos::mount::mount_to_body(Page);
    let trace = click(&find("#to-user"));
    let all = finished(&trace).await;
    assert_eq!(tree(&all), "click to-user\n  navigation\n");
    let span = navigation("/users/7?token=REDACTED").await;
    assert_eq!(of(&span), (Some("push".into()), false));
    find("#user");
}

#[wasm_bindgen_test]
async fn a_navigation_lasts_until_it_is_painted() {
    set_up();
    let frames = js_sys::Function::new_no_args(
        "window.painted = 0; requestAnimationFrame(() => { window.painted = performance.timeOrigin + performance.now() })",
    );
    push("/painted");
    frames.call0(&JsValue::NULL).unwrap();
    let span = navigation("/painted").await;
    let painted = js_sys::Reflect::get(&window(), &"painted".into()).unwrap();
    let frame = painted.as_f64().unwrap() * 1e6;
    assert!(
        span.start as f64 <= frame && frame <= span.end as f64,
        "{span:?}"
    );
    assert_eq!(span.text("throughline.page.left"), None);
}

#[wasm_bindgen_test]
async fn the_next_navigation_ends_the_last_one() {
    set_up();
    push("/first");
    push("/second");
    let (first, second) = (navigation("/first").await, navigation("/second").await);
    assert!(first.end <= second.start, "{first:?} {second:?}");
    assert_eq!(second.text("throughline.page.left"), None);
}

#[wasm_bindgen_test]
async fn the_browsers_back_button_is_nobodys_work_of_the_page() {
    set_up();
    push("/here");
    push("/there");
    navigation("/there").await;
    let before = navigations("/here").len();
    history().back().unwrap();
    until(|| navigations("/here").len() > before).await;
    let span = navigations("/here").pop().unwrap();
    assert_eq!(of(&span), (Some("traverse".into()), true));
}

#[wasm_bindgen_test]
async fn a_change_of_state_is_no_navigation() {
    set_up();
    push("/state");
    navigation("/state").await;
    let state = JsValue::from("scrolled");
    history().replace_state_with_url(&state, "", None).unwrap();
    push("/after");
    navigation("/after").await;
    assert_eq!(navigations("/state").len(), 1);
}

#[wasm_bindgen_test]
async fn a_page_that_is_left_does_not_wait_for_its_painting() {
    set_up();
    push("/left");
    let leave = web_sys::Event::new("pagehide").unwrap();
    window().dispatch_event(&leave).unwrap();
    let span = navigation("/left").await;
    let left = span
        .attributes
        .iter()
        .find(|it| it.key == "throughline.page.left");
    assert_eq!(left.unwrap().value.as_ref().unwrap().bool, Some(true));
}

/// The page of these tests came without a word of a server.
#[cfg(feature = "document-load")]
#[wasm_bindgen_test]
async fn a_load_that_nobody_claims_is_a_trace_of_its_own() {
    set_up();
    until(|| !spans("documentLoad").is_empty()).await;
    let load = spans("documentLoad").remove(0);
    assert!(load.parent_span_id.is_empty());
    let expected = "documentLoad\n  documentFetch\n";
    let mut all = exported(&load.trace());
    all.retain(|it| it.name != "resourceFetch");
    assert_eq!(tree(&all), expected);
}
