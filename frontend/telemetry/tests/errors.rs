//! Panics, uncaught exceptions, unhandled rejections, and what the application records itself.
#![cfg(all(target_arch = "wasm32", feature = "errors"))]

mod support;

use std::error::Error;
use std::fmt;

use js_sys::{Function, Reflect};
use opentelemetry::trace::{TraceContextExt, Tracer};
use opentelemetry::{Context, global};
use support::{Log, click, exported, html, log, logs, next_macrotask, tree, window};
use throughline_browser::record_error;
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::Event;

wasm_bindgen_test_configure!(run_in_browser);

/// Sets the page up, and then a hook as `console_error_panic_hook` does: one that forgets what was there.
fn set_up() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        support::set_up();
        std::panic::set_hook(Box::new(|info| {
            let text = JsValue::from(info.to_string());
            Reflect::set(&support::window(), &"hooked".into(), &text).unwrap();
        }));
    });
}

/// The exception with this message.
async fn told(message: &str) -> Log {
    log(|it| it.text("exception.message").as_deref() == Some(message)).await
}

/// Runs JavaScript.
fn run(code: &str) {
    Function::new_no_args(code)
        .call0(&JsValue::UNDEFINED)
        .unwrap();
}

/// Throws what an expression of JavaScript gives, in a macrotask of its own where nobody catches it.
async fn throw(expression: &str) {
    run(&format!("setTimeout(() => {{ throw {expression} }})"));
    next_macrotask().await;
}

/// Runs Rust code as a callback of JavaScript; whether it came back.
fn call(f: impl FnMut() + 'static) -> Result<JsValue, JsValue> {
    let callback = Closure::<dyn FnMut()>::new(f).into_js_value();
    callback
        .unchecked_ref::<Function>()
        .call0(&JsValue::UNDEFINED)
}

#[wasm_bindgen_test]
async fn an_uncaught_exception_has_its_class_message_and_stack_without_secrets() {
    set_up();
    throw("new RangeError('too far, see https://x.example/?token=abc')").await;
    let log = told("too far, see https://x.example/?token=REDACTED").await;
    assert_eq!((log.event_name.as_str(), log.severity), ("exception", 17));
    assert_eq!(log.scope, "throughline.errors");
    assert_eq!(log.text("exception.type").as_deref(), Some("RangeError"));
    let stack = log.text("exception.stacktrace").unwrap();
    assert!(
        stack.contains("\n    at ") && !stack.contains("abc"),
        "{stack}"
    );
    assert_eq!(log.bool("throughline.exception.cross_origin"), None);
}

#[wasm_bindgen_test]
async fn whatever_is_thrown_has_content() {
    set_up();
    for (thrown, class, message) in [
        ("'just a text'", "string", "just a text"),
        (
            "({ code: 7, token: 'secret' })",
            "object",
            "an object with code token",
        ),
        (
            "({ name: 'Own', message: 'own message' })",
            "Own",
            "own message",
        ),
        ("42.5", "number", "42.5"),
        ("null", "", "Uncaught null"),
    ] {
        throw(thrown).await;
        let log = told(message).await;
        assert_eq!(
            log.text("exception.type").unwrap_or_default(),
            class,
            "{thrown}"
        );
    }
    // What has no JSON, and throws when it is asked for anything.
    throw("(() => { const it = { circle: 'first' }; it.it = it; return it })()").await;
    log(|it| {
        it.text("exception.type").as_deref() == Some("object")
            && it.text("exception.message").as_deref() == Some("an object with circle it")
    })
    .await;
    throw("new Proxy({}, { get() { throw 'hostile' } })").await;
    throw("'x'.repeat(1 << 24)").await;
    let log = log(|it| {
        it.text("exception.message")
            .is_some_and(|it| it.starts_with("xxx"))
    })
    .await;
    assert_eq!(log.text("exception.message").unwrap().len(), 4096);
}

#[wasm_bindgen_test]
async fn a_rejection_that_nobody_handles_is_recorded() {
    set_up();
    run("Promise.reject(new TypeError('rejected'))");
    let log = told("rejected").await;
    assert_eq!(
        (log.text("exception.type").as_deref(), log.severity),
        (Some("TypeError"), 17)
    );
}

#[wasm_bindgen_test]
async fn an_exception_is_in_the_span_in_which_it_was_thrown() {
    set_up();
    let cx = Context::current_with_span(global::tracer("test").start("work"));
    let span = cx.span().span_context().span_id().to_string();
    {
        let _attached = cx.attach();
        run("reportError(new Error('in a span'))");
    }
    assert_eq!(told("in a span").await.span(), span);
}

#[wasm_bindgen_test]
async fn what_a_script_of_another_origin_throws_is_marked() {
    set_up();
    run("dispatchEvent(new ErrorEvent('error', { message: 'Script error.' }))");
    let log = told("Script error.").await;
    assert_eq!(log.bool("throughline.exception.cross_origin"), Some(true));
}

#[wasm_bindgen_test]
async fn an_image_that_does_not_load_is_no_exception() {
    set_up();
    let image = html("<img>").first_element_child().unwrap();
    image.dispatch_event(&Event::new("error").unwrap()).unwrap();
    throw("new Error('after the image')").await;
    told("after the image").await;
    // An exception without class and message would be all that can be told of it.
    let says_nothing = |it: &Log| {
        let said = it.text("exception.type").or(it.text("exception.message"));
        it.event_name == "exception" && said.is_none()
    };
    assert!(!logs().iter().any(says_nothing));
}

#[wasm_bindgen_test]
async fn what_is_thrown_again_and_again_is_told_of_ever_more_rarely() {
    set_up();
    for _ in 0..9 {
        throw("'again'").await;
    }
    throw("'something else'").await;
    told("something else").await;
    let told: Vec<_> = logs()
        .iter()
        .filter(|it| it.text("exception.message").as_deref() == Some("again"))
        .map(|it| it.int("throughline.exception.occurrences"))
        .collect();
    assert_eq!(told, [None, Some(2), Some(4), Some(8)]);
}

#[derive(Debug)]
struct Failed(&'static str, Option<Box<Failed>>);

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Error for Failed {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.1.as_deref().map(|it| it as &dyn Error)
    }
}

#[wasm_bindgen_test]
async fn an_error_that_the_application_records_has_its_sources() {
    set_up();
    let disk = Failed("the disk is full", None);
    let write = Failed("cannot write", Some(Box::new(disk)));
    record_error(&Failed("not saved", Some(Box::new(write))));
    let log = told("not saved").await;
    assert_eq!((log.event_name.as_str(), log.severity), ("exception", 17));
    let sources = "Caused by: cannot write\nCaused by: the disk is full\n";
    assert_eq!(log.text("exception.stacktrace").as_deref(), Some(sources));
}

#[wasm_bindgen_test]
async fn a_panic_is_with_the_browser_before_the_module_traps_and_all_that_is_open_with_it() {
    set_up();
    next_macrotask().await;
    let button = html("<button data-trace='break'>")
        .first_element_child()
        .unwrap();
    let on_click = Closure::<dyn FnMut()>::new(|| {
        // A request is under way, and a root is open.
        drop(window().fetch_with_str("/slow"));
        panic!("broken at {}", 7);
    });
    button
        .add_event_listener_with_callback("click", on_click.as_ref().unchecked_ref())
        .unwrap();
    on_click.forget();
    let trace = click(&button.unchecked_into());
    // Nothing was awaited.
    let is_panic = |it: &Log| it.text("exception.message").as_deref() == Some("broken at 7");
    let found: Vec<_> = logs().into_iter().filter(is_panic).collect();
    let [panic] = found.as_slice() else {
        panic!("{found:?}")
    };
    assert_eq!(
        (panic.event_name.as_str(), panic.severity),
        ("exception", 21)
    );
    assert_eq!(panic.text("exception.type").as_deref(), Some("panic"));
    assert!(
        panic
            .text("code.file.path")
            .unwrap()
            .ends_with("tests/errors.rs")
    );
    assert!(panic.int("code.line.number").unwrap() > 0);
    let stack = panic.text("exception.stacktrace").unwrap();
    assert!(
        stack.contains("wasm-function[") && stack.contains("]:0x"),
        "{stack}"
    );
    assert_eq!(panic.trace(), trace);
    let spans = exported(&trace);
    assert_eq!(tree(&spans), "click break\n  GET\n");
    let root = spans
        .iter()
        .find(|it| it.parent_span_id.is_empty())
        .unwrap();
    assert_eq!(root.span_id, panic.span_id);

    // The trap that follows is the same failure.
    throw("'after the panic'").await;
    told("after the panic").await;
    let traps = |it: &&Log| it.text("exception.type").as_deref() == Some("RuntimeError");
    assert_eq!(logs().iter().filter(traps).count(), 0);
}

#[wasm_bindgen_test]
async fn a_hook_that_the_application_sets_after_us_runs_too() {
    set_up();
    next_macrotask().await;
    assert!(call(|| panic!("twice hooked")).is_err());
    let panic = told("twice hooked").await;
    assert_eq!(panic.severity, 21);
    let hooked = Reflect::get(&window(), &"hooked".into()).unwrap();
    assert!(
        hooked
            .as_string()
            .unwrap_or_default()
            .contains("twice hooked")
    );
}
