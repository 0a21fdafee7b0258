//! Web vitals and long animation frames of the page that the tests run in. INP needs a person's input: its arithmetic
//! has tests of its own.
#![cfg(all(
    target_arch = "wasm32",
    feature = "web-vitals",
    feature = "long-animation-frames",
    feature = "document-load"
))]

mod support;

use js_sys::Function;
use support::*;
use throughline_browser::{disable, enable};
use wasm_bindgen::JsValue;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::Event;

wasm_bindgen_test_configure!(run_in_browser);

fn run(script: &str) -> JsValue {
    Function::new_no_args(script).call0(&JsValue::NULL).unwrap()
}

fn vitals(name: &str) -> Vec<Log> {
    let mut all = logs();
    all.retain(|it| it.text("browser.web_vital.name").as_deref() == Some(name));
    all
}

async fn vital(name: &str) -> Log {
    until(|| !vitals(name).is_empty()).await;
    vitals(name).remove(0)
}

fn value(vital: &Log) -> f64 {
    vital.double("browser.web_vital.value").unwrap()
}

/// Frames: what was done before is painted, and measured.
async fn painted() {
    let frames = "return new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 0))))";
    wasm_bindgen_futures::JsFuture::from(js_sys::Promise::from(run(frames)))
        .await
        .unwrap();
}

fn leave() {
    let event = Event::new("pagehide").unwrap();
    window().dispatch_event(&event).unwrap();
}

/// The tests share one page, and a page has one life: what is final is told of in one test.
#[wasm_bindgen_test]
async fn the_vitals_of_one_life_of_a_page() {
    html("<p id=text style='font-size: 40px'>Something to see</p>");
    set_up();
    let (ttfb, fcp) = (vital("ttfb").await, vital("fcp").await);
    assert!(
        vitals("lcp").is_empty() && vitals("cls").is_empty(),
        "not final"
    );

    // What came first is also the page's own measure.
    let entry = run("return performance.getEntriesByName('first-contentful-paint')[0].startTime");
    assert_eq!(Some(value(&fcp)), entry.as_f64());
    let entry = run("return performance.getEntriesByType('navigation')[0].responseStart");
    assert_eq!(Some(value(&ttfb)), entry.as_f64());

    // Half of the view moves by half of it.
    html(
        "<div id=moved style='position: absolute; left: 0; top: 0; width: 50vw; height: 50vh; background: red'></div>",
    );
    painted().await;
    run("document.getElementById('moved').style.top = '50vh'");
    painted().await;
    leave();
    let (lcp, cls) = (vital("lcp").await, vital("cls").await);
    assert!(value(&lcp) >= value(&fcp));
    assert!(value(&cls) > 0.1, "{cls:?}");

    until(|| !spans("documentLoad").is_empty()).await;
    let load = spans("documentLoad").remove(0);
    for it in [&ttfb, &fcp, &lcp, &cls] {
        assert_eq!(it.event_name, "browser.web_vital");
        assert_eq!(it.trace(), load.trace());
        assert_eq!(it.span_id, load.span_id);
        assert_eq!(it.double("browser.web_vital.delta"), Some(value(it)));
        assert_eq!(it.text("browser.web_vital.id").unwrap().len(), 36);
        let text = |key: &str| it.text(&format!("browser.web_vital.{key}")).unwrap();
        assert!(["good", "needs-improvement", "poor"].contains(&text("rating").as_str()));
        assert_eq!(text("navigation_type"), "navigate");
    }
    assert!(vitals("inp").is_empty(), "nobody has touched anything");

    leave();
    painted().await;
    throughline_browser::flush();
    painted().await;
    assert_eq!(vitals("cls").len(), 1, "nothing new");
    run("document.getElementById('moved').style.top = '0'");
    painted().await;
    leave();
    until(|| vitals("cls").len() == 2).await;
    let again = vitals("cls").pop().unwrap();
    assert_eq!(
        again.text("browser.web_vital.id"),
        cls.text("browser.web_vital.id")
    );
    let delta = again.double("browser.web_vital.delta").unwrap();
    assert!((delta - (value(&again) - value(&cls))).abs() < 1e-9);
    assert_eq!(vitals("lcp").len(), 1, "it was final");

    restored().await;
}

/// The page comes back from the back/forward cache, and begins anew.
async fn restored() {
    run("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))");
    until(|| {
        ["ttfb", "fcp", "lcp"]
            .iter()
            .all(|name| vitals(name).len() == 2)
    })
    .await;
    for name in ["ttfb", "fcp", "lcp"] {
        let all = vitals(name);
        let [first, again] = all.as_slice() else {
            panic!("{all:?}")
        };
        let kind = again.text("browser.web_vital.navigation_type");
        assert_eq!(kind.as_deref(), Some("back-forward-cache"));
        assert_ne!(
            again.text("browser.web_vital.id"),
            first.text("browser.web_vital.id")
        );
        assert_eq!(again.double("browser.web_vital.delta"), Some(value(again)));
    }
    assert_eq!(value(&vitals("ttfb")[1]), 0.0);
    assert_eq!(value(&vitals("lcp")[1]), value(&vitals("fcp")[1]));
    leave();
    until(|| vitals("cls").len() == 3).await;
    assert_eq!(value(&vitals("cls")[2]), 0.0);
    without_consent().await;
}

/// What happened while there was no consent is not told of when there is again.
async fn without_consent() {
    let count = || logs().len();
    painted().await;
    let before = count();
    disable();
    run("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))");
    painted().await;
    run("document.getElementById('moved').style.top = '50vh'");
    painted().await;
    enable();
    // Nor are those of a visit that was without it for a while.
    run("document.getElementById('moved').style.top = '0'");
    painted().await;
    leave();
    throughline_browser::flush();
    painted().await;
    let told = logs().split_off(before);
    let is_vital = |it: &Log| it.event_name == "browser.web_vital";
    assert!(!told.iter().any(is_vital), "{told:?}");

    run("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))");
    until(|| vitals("fcp").len() == 3).await;
}

#[wasm_bindgen_test]
async fn a_frame_that_blocks_is_told_of_with_its_script() {
    set_up();
    let began = js_sys::Date::now() * 1e6;
    run(
        "requestAnimationFrame(function busy() { const end = performance.now() + 80; while (performance.now() < end); })",
    );
    let frames = || {
        let mut all = logs();
        all.retain(|it| {
            it.event_name == "browser.long_animation_frame" && it.at as f64 >= began - 1e9
        });
        // A busy machine has long frames of its own.
        all.retain(|it| {
            let invoker = it.text("browser.long_animation_frame.script.invoker");
            invoker.is_some_and(|it| it.contains("FrameRequestCallback"))
        });
        all
    };
    until(|| !frames().is_empty()).await;
    let frame = frames().remove(0);
    let millis = |key: &str| frame.double(&format!("browser.long_animation_frame.{key}"));
    assert!(millis("duration").unwrap() >= millis("script.duration").unwrap());
    assert!(millis("blocking_duration").is_some());
    assert!(millis("script.duration") >= Some(79.0));
    assert!(frame.trace_id.is_empty(), "it is nobody's alone");
    assert!(frame.at <= frame.observed_at);
}
