//! Sessions, shared by the tabs of an origin; users; and what is left of both without consent.
//!
//! Another tab is an `iframe` of the same origin: what it stores is told to this page by the browser itself.
#![cfg(target_arch = "wasm32")]

mod support;

use opentelemetry::global;
use opentelemetry::trace::{Span as _, Tracer};
use support::*;
use throughline_browser::{
    DropReason, Sampler, clear_user, disable, enable, is_enabled, ledger, set_user,
};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

const KEY: &str = "throughline.session";

/// Half of the sessions are traced. A test that looks at spans asks for one of these.
fn set_up_sessions() {
    set_up_with(|builder| builder.sampler(Sampler::session_ratio(0.5).parent_based()));
    enable();
    begin_traced_session();
}

/// Signs out until the session is a traced one.
fn begin_traced_session() {
    for _ in 0..64 {
        clear_user();
        if is_traced() {
            return;
        }
    }
    panic!("one in two sessions is traced");
}

fn is_traced() -> bool {
    start().is_recording()
}

fn start() -> global::BoxedSpan {
    global::tracer("test").start("test")
}

/// Ends a span, and tells what was exported of it.
async fn exported_span() -> Span {
    let trace = start().span_context().trace_id().to_string();
    finished(&trace).await.remove(0)
}

async fn session_of_a_span() -> String {
    exported_span().await.text("session.id").unwrap()
}

fn stored() -> Option<String> {
    storage("return localStorage.getItem(key)", None).as_string()
}

fn stored_id() -> String {
    stored().unwrap().get(..36).unwrap().to_owned()
}

fn storage(body: &str, value: Option<&str>) -> JsValue {
    script("key, value", body)
        .call2(&JsValue::UNDEFINED, &KEY.into(), &value.into())
        .unwrap()
}

/// Writes what another tab would, and waits until this page has been told.
async fn another_tab_writes(value: &str) {
    let body = "return new Promise(told => {
        addEventListener('storage', () => told(), { once: true });
        const tab = document.body.appendChild(document.createElement('iframe'));
        tab.contentWindow.localStorage.setItem(key, value);
    })";
    let told: js_sys::Promise = storage(body, Some(value)).unchecked_into();
    wasm_bindgen_futures::JsFuture::from(told).await.unwrap();
}

/// An entry for a session with these last 56 bits, begun and last active now.
fn entry(bits: u64) -> String {
    let now = js_sys::Date::now() as u64;
    let (high, low) = (bits >> 48, bits & 0xffff_ffff_ffff);
    format!("6ba7b810-9dad-41d1-80{high:02x}-{low:012x}{now:014x}{now:014x}")
}

/// What a person does.
fn act() {
    find("body").click();
}

#[wasm_bindgen_test]
async fn every_span_has_the_id_of_the_session_which_is_the_one_that_is_stored() {
    set_up_sessions();
    let session = session_of_a_span().await;
    assert_eq!(session, stored_id());
    assert_eq!(session.len(), 36);
    assert_eq!(session.as_bytes()[14], b'4', "a UUID of version 4");
    assert_eq!(stored().unwrap().len(), 64, "nothing more is stored");
}

#[wasm_bindgen_test]
async fn after_fifteen_idle_minutes_the_next_activity_begins_another_session() {
    set_up_sessions();
    let first = stored_id();
    move_wall_clock(14.0);
    act();
    assert_eq!(stored_id(), first);
    move_wall_clock(14.0);
    act();
    assert_eq!(stored_id(), first, "it was not idle");
    move_wall_clock(16.0);
    get("/poll").await.unwrap();
    drop(start());
    assert_eq!(
        stored_id(),
        first,
        "what the page does by itself is no activity"
    );
    act();
    assert_ne!(stored_id(), first);
}

#[wasm_bindgen_test]
async fn after_four_hours_a_session_is_over_whatever_is_done() {
    set_up_sessions();
    let first = stored_id();
    for _ in 0..23 {
        move_wall_clock(10.0);
        act();
    }
    assert_eq!(stored_id(), first);
    move_wall_clock(10.0);
    act();
    assert_ne!(stored_id(), first);
}

#[wasm_bindgen_test]
async fn a_click_that_begins_a_session_belongs_to_it() {
    set_up_sessions();
    let button = html("<button data-trace='begin'>Begin</button>");
    let button: web_sys::HtmlElement = button.first_element_child().unwrap().unchecked_into();
    for _ in 0..20 {
        move_wall_clock(16.0);
        let trace = click(&button);
        if is_traced() {
            let root = finished(&trace).await.remove(0);
            assert_eq!(root.text("session.id"), Some(stored_id()));
            return;
        }
    }
    panic!("one in two sessions is traced");
}

#[wasm_bindgen_test]
async fn activity_is_stored_once_in_a_few_seconds_at_most() {
    set_up_sessions();
    move_wall_clock(0.1);
    act();
    let stored_once = stored();
    act();
    act();
    assert_eq!(stored(), stored_once);
    move_wall_clock(0.1);
    act();
    assert_ne!(stored(), stored_once);
}

#[wasm_bindgen_test]
async fn of_two_tabs_that_begin_at_once_the_last_writer_has_won() {
    set_up_sessions();
    let theirs = entry(u64::MAX >> 8);
    another_tab_writes(&theirs).await;
    assert_eq!(session_of_a_span().await, theirs[..36]);
}

#[wasm_bindgen_test]
async fn what_another_tab_stored_in_vain_is_not_followed() {
    set_up_sessions();
    let ours = session_of_a_span().await;
    let old = entry(u64::MAX >> 8);
    move_wall_clock(30.0);
    for nonsense in [&old, "", "nonsense"] {
        another_tab_writes(nonsense).await;
        assert_eq!(session_of_a_span().await, ours);
    }
    act();
    assert_ne!(stored_id(), ours, "it was over");
    assert_ne!(stored_id(), old[..36], "and so was the other");
}

#[wasm_bindgen_test]
async fn a_session_is_traced_whole_or_not_at_all_in_all_tabs() {
    set_up_sessions();
    let mut traced = 0;
    for _ in 0..40 {
        clear_user();
        let is_whole = is_traced();
        assert!((0..3).all(|_| is_traced() == is_whole));
        traced += u32::from(is_whole);
    }
    assert!((1..40).contains(&traced), "{traced} of 40 are about half");

    let half = 1 << 55;
    another_tab_writes(&entry(half)).await;
    assert!((0..3).all(|_| is_traced()));
    another_tab_writes(&entry(half - 1)).await;
    assert!((0..3).all(|_| !is_traced()));
}

#[wasm_bindgen_test]
async fn the_tracestate_says_what_was_decided_by() {
    set_up_sessions();
    let state = |span: &global::BoxedSpan| span.span_context().trace_state().header();
    another_tab_writes(&entry(0xfe_dcba_9876_5432)).await;
    assert_eq!(state(&start()), "ot=th:8;rv:fedcba98765432");
    another_tab_writes(&entry(0x0e_dcba_9876_5432)).await;
    assert_eq!(state(&start()), "ot=rv:0edcba98765432");
}

#[wasm_bindgen_test]
async fn a_user_is_on_everything_until_sign_out_which_ends_the_session() {
    set_up_sessions();
    let id = "user.id";
    assert_eq!(exported_span().await.text(id), None);
    set_user("u-42");
    assert_eq!(exported_span().await.text(id).unwrap(), "u-42");
    let before = stored_id();
    begin_traced_session();
    let span = exported_span().await;
    assert_eq!(span.text(id), None);
    assert_ne!(span.text("session.id").unwrap(), before);
    assert!(!stored().unwrap().contains("u-42"));
}

#[wasm_bindgen_test]
async fn a_page_whose_storage_is_blocked_has_a_session_of_its_own() {
    set_up_sessions();
    let block = "const own = Object.getOwnPropertyDescriptor(window, 'localStorage');
        Object.defineProperty(window, 'localStorage', {
            configurable: true, get() { throw new DOMException('blocked', 'SecurityError') },
        });
        return () => Object.defineProperty(window, 'localStorage', own)";
    let unblock: js_sys::Function = storage(block, None).unchecked_into();
    let before = session_of_a_span().await;
    let mut sessions = vec![before];
    for _ in 0..64 {
        move_wall_clock(16.0);
        act();
        if is_traced() {
            sessions.push(session_of_a_span().await);
            move_wall_clock(1.0);
            act();
            sessions.push(session_of_a_span().await);
            break;
        }
    }
    unblock.call0(&JsValue::UNDEFINED).unwrap();
    let [before, after, same] = &sessions[..] else {
        panic!("one in two sessions is traced")
    };
    assert_ne!(before, after);
    assert_eq!(after, same);
}

#[wasm_bindgen_test]
async fn without_consent_nothing_is_recorded_sent_or_stored() {
    set_up_sessions();
    until(|| ledger().queued + ledger().exporting == 0).await;
    let before = ledger();
    let open = start();
    drop(start());
    disable();
    assert!(!is_enabled());
    assert_eq!(stored(), None, "the session is removed");
    drop(open);
    drop(start());
    act();
    another_tab_writes(&entry(7)).await;
    storage("localStorage.removeItem(key)", None);
    let span = start();
    assert!(!span.is_recording() && !span.span_context().is_valid());
    let asked_before = asked("/unseen").len();
    get("/unseen").await.unwrap();
    assert_eq!(
        asked("/unseen").len(),
        asked_before,
        "the request is the page's own, untouched"
    );
    throughline_browser::flush();
    next_macrotask().await;

    let after = ledger();
    assert!(after.balances());
    assert_eq!(after.exported, before.exported);
    assert_eq!(after.created - before.created, 2, "what had begun before");
    let disabled = DropReason::Disabled;
    assert_eq!(after.dropped(disabled) - before.dropped(disabled), 2);
    act();
    assert_eq!(stored(), None);

    enable();
    assert!(stored().is_some());
    let recorded = start();
    assert!(recorded.span_context().is_valid());
}

#[wasm_bindgen_test]
async fn consent_that_is_given_again_is_another_session() {
    set_up_sessions();
    let before = stored_id();
    disable();
    enable();
    assert_ne!(stored_id(), before);
}

#[cfg(feature = "logs")]
mod events {
    use super::*;

    /// Whether one of the exported requests holds all of these texts.
    fn were_exported(texts: &[&str]) -> bool {
        exports_of_logs().iter().any(|body| {
            let has = |text: &&str| body.windows(text.len()).any(|it| it == text.as_bytes());
            texts.iter().all(has)
        })
    }

    #[wasm_bindgen_test]
    async fn a_session_after_another_is_told_of_by_two_events() {
        set_up_sessions();
        let first = stored_id();
        move_wall_clock(16.0);
        act();
        let second = stored_id();
        let texts = [
            "session.end",
            "session.start",
            "session.previous_id",
            &first,
            &second,
        ];
        until(|| were_exported(&texts)).await;
    }
}
