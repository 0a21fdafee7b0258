//! The page that the tests run in: its `fetch` is a stub, put there before `install`, that answers after a while and
//! keeps what it was asked; what is exported is read back.
#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    reason = "shared by tests, none of which needs all"
)]

mod otlp;
mod page;

pub use otlp::*;
pub use page::*;

use std::cell::{Cell, RefCell};
use std::time::Duration;

use gloo_timers::future::TimeoutFuture;
use js_sys::{Function, Object, Promise, Reflect, Uint8Array};
use otlp::{Export, LogsExport};
use prost::Message;
use throughline_browser::Builder;
use wasm_bindgen::prelude::*;
use web_sys::{Request, RequestInit, Response, ResponseInit};

pub const SERVER_SPAN: &str = "00f067aa0ba902b7";

/// No status: the answer did not come in time.
pub const TIMED_OUT: u16 = 0;

/// A request that reached the stub.
#[derive(Clone, Debug)]
pub struct Asked {
    pub path: String,
    pub traceparent: Option<String>,
    pub custom: Option<String>,
    pub request: Request,
}

thread_local! {
    static ASKED: RefCell<Vec<Asked>> = const { RefCell::new(Vec::new()) };
    static EXPORTED: RefCell<Vec<Span>> = const { RefCell::new(Vec::new()) };
    static LOGS: RefCell<Vec<Log>> = const { RefCell::new(Vec::new()) };
    static RESOURCE: RefCell<Vec<KeyValue>> = const { RefCell::new(Vec::new()) };
    static KEEPALIVE_EXPORTS: Cell<u32> = const { Cell::new(0) };
    static EXPORT_SIZES: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
    static REFUSALS: RefCell<Vec<u16>> = const { RefCell::new(Vec::new()) };
    static IS_DOWN: Cell<bool> = const { Cell::new(false) };
    static ANSWER: RefCell<Option<Promise>> = const { RefCell::new(None) };
    static EXPORT_ANSWER: RefCell<Option<Promise>> = const { RefCell::new(None) };
    static WARNED: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    static NATIVE: RefCell<Option<Function>> = const { RefCell::new(None) };
    static RAW_LOGS: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
    static LAST_EXPORT: RefCell<(String, JsValue)> = const { RefCell::new((String::new(), JsValue::UNDEFINED)) };
    static SERVER_AHEAD: Cell<Option<f64>> = const { Cell::new(None) };
    static SETTING_UP: Cell<bool> = const { Cell::new(false) };
}

/// Sets the page up, once.
pub fn set_up() {
    set_up_with(|builder| {
        builder
            .propagate_to("https://allowed.example/some/path")
            .propagate_to("not-an-origin")
            .ignore("/ignored/*")
            .ignore("/exact?x=1")
            .ignore("https://part-of-a-host*")
            .do_not_propagate_to("/downloads/*")
    });
}

/// Sets the page up, once, with settings of its own.
pub fn set_up_with(settings: impl FnOnce(Builder) -> Builder) {
    if SETTING_UP.replace(true) {
        return;
    }
    let stub = Closure::<dyn Fn(JsValue, JsValue) -> Promise>::new(stub).into_js_value();
    let native = Reflect::get(&window(), &"fetch".into()).unwrap();
    NATIVE.set(Some(native.unchecked_into()));
    Reflect::set(&window(), &"fetch".into(), &stub).unwrap();
    install(settings);
}

/// Sets the client up over the `fetch` that the page has. It exports to `/v1/traces`, see [`exported_in`].
pub fn install(settings: impl FnOnce(Builder) -> Builder) {
    let console = Reflect::get(&window(), &"console".into()).unwrap();
    let warn = Reflect::get(&console, &"warn".into()).unwrap();
    let keep = |who: JsValue, text: JsValue| {
        assert_eq!(who, "throughline:");
        WARNED.with_borrow_mut(|all| all.push(text.as_string().unwrap()));
    };
    let keep = Closure::<dyn Fn(JsValue, JsValue)>::new(keep).into_js_value();
    Reflect::set(&console, &"warn".into(), &keep).unwrap();
    let builder = throughline_browser::init("test")
        .version("1.2.3")
        .schedule_delay(Duration::from_millis(20));
    settings(builder).install();
    Reflect::set(&console, &"warn".into(), &warn).unwrap();
}

/// What the set-up told in the console.
pub fn set_up_warnings() -> Vec<String> {
    WARNED.with_borrow(Clone::clone)
}

/// The browser's own `fetch`, which answers what has `?native` in its address.
fn native_fetch(input: &str, init: &RequestInit) -> Promise {
    let native = NATIVE.with_borrow(Clone::clone).unwrap();
    let answer = native.call2(&window(), &input.into(), init);
    answer.unwrap().unchecked_into()
}

/// The next request that reaches the stub is answered so.
pub fn answer_next_with(answer: Promise) {
    ANSWER.set(Some(answer));
}

fn stub(input: JsValue, init: JsValue) -> Promise {
    let Some(request) = input.dyn_ref::<Request>() else {
        let url = String::from(input.unchecked_ref::<Object>().to_string());
        if url.ends_with("/v1/traces") {
            LAST_EXPORT.set((url, init.clone()));
            return exported_in(&init);
        }
        if url.ends_with("/v1/logs") {
            let body: Uint8Array = Reflect::get(&init, &"body".into())
                .unwrap()
                .unchecked_into();
            RAW_LOGS.with_borrow_mut(|logs| logs.push(body.to_vec()));
            return logs_exported_in(&init);
        }
        return answer(&url, &init);
    };
    let header = |name| request.headers().get(name).unwrap();
    ASKED.with_borrow_mut(|asked| {
        asked.push(Asked {
            path: path(&request.url()),
            traceparent: header("traceparent"),
            custom: header("x-custom"),
            request: Clone::clone(request),
        });
    });
    answer(&request.url(), request)
}

fn path(url: &str) -> String {
    let url = web_sys::Url::new_with_base(url, &window().location().href().unwrap()).unwrap();
    url.pathname() + &url.search()
}

/// The stub's answer to an export, which it keeps.
pub fn exported_in(init: &JsValue) -> Promise {
    let body: Uint8Array = Reflect::get(init, &"body".into()).unwrap().unchecked_into();
    if Reflect::get(init, &"keepalive".into()).unwrap().is_truthy() {
        KEEPALIVE_EXPORTS.set(KEEPALIVE_EXPORTS.get() + 1);
    }
    EXPORT_SIZES.with_borrow_mut(|sizes| sizes.push(body.length() as usize));
    if IS_DOWN.get() {
        return Promise::reject(&js_sys::TypeError::new("Failed to fetch"));
    }
    if let Some(status) = REFUSALS.with_borrow_mut(Vec::pop) {
        if status == TIMED_OUT {
            let reason = js_sys::Error::new("no answer");
            reason.set_name("TimeoutError");
            return Promise::reject(&reason);
        }
        let init = ResponseInit::new();
        init.set_status(status);
        let response = Response::new_with_opt_str_and_init(None, &init).unwrap();
        return Promise::resolve(&JsValue::from(response));
    }
    let export =
        Export::decode(&*body.to_vec()).expect("OTLP (a test of gzip has a stub of its own)");
    for resource in export.resources {
        RESOURCE.set(resource.resource.unwrap_or_default().attributes);
        EXPORTED
            .with_borrow_mut(|all| all.extend(resource.scopes.into_iter().flat_map(|it| it.spans)));
    }
    if let Some(answer) = EXPORT_ANSWER.take() {
        return answer;
    }
    let headers = web_sys::Headers::new().unwrap();
    if let Some(ahead) = SERVER_AHEAD.get() {
        let server = js_sys::Date::now() + ahead;
        let date = js_sys::Date::new(&server.into()).to_utc_string();
        headers.set("date", &String::from(date)).unwrap();
    }
    let init = ResponseInit::new();
    init.set_headers(&headers);
    let response = Response::new_with_opt_str_and_init(None, &init).unwrap();
    Promise::resolve(&JsValue::from(response))
}

fn logs_exported_in(init: &JsValue) -> Promise {
    let body: Uint8Array = Reflect::get(init, &"body".into()).unwrap().unchecked_into();
    let export = LogsExport::decode(&*body.to_vec()).unwrap();
    for of_scope in export.resources.into_iter().flat_map(|it| it.scopes) {
        let scope = of_scope.scope.unwrap_or_default().name;
        for mut log in of_scope.logs {
            log.scope.clone_from(&scope);
            LOGS.with_borrow_mut(|all| all.push(log));
        }
    }
    Promise::resolve(&JsValue::from(Response::new().unwrap()))
}

/// An answer as the path asks for it, after 1 to 8 ms.
fn answer(url: &str, init: &JsValue) -> Promise {
    if let Some(answer) = ANSWER.take() {
        return answer;
    }
    if url.contains("?native") {
        return native_fetch(url, &RequestInit::new());
    }
    if url.contains("never") {
        return Promise::new(&mut |_, _| ());
    }
    let signal = Reflect::get(init, &"signal".into()).unwrap_or(JsValue::UNDEFINED);
    let init = ResponseInit::new();
    if url.contains("unauthorized") {
        init.set_status(401);
    }
    let headers = web_sys::Headers::new().unwrap();
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    headers
        .set(
            "server-timing",
            &format!("trace;desc=\"00-{trace}-{SERVER_SPAN}-03\""),
        )
        .unwrap();
    init.set_headers(&headers);
    let response = Response::new_with_opt_str_and_init(Some("ok"), &init).unwrap();
    let fails = url.contains("unreachable");
    wasm_bindgen_futures::future_to_promise(async move {
        TimeoutFuture::new(1 + (js_sys::Math::random() * 7.0) as u32).await;
        if Reflect::get(&signal, &"aborted".into()).is_ok_and(|it| it.is_truthy()) {
            return Err(Reflect::get(&signal, &"reason".into()).unwrap());
        }
        if fails {
            Err(js_sys::TypeError::new("Failed to fetch").into())
        } else {
            Ok(response.into())
        }
    })
}

/// What reached the stub, at paths that begin so.
pub fn asked(prefix: &str) -> Vec<Asked> {
    ASKED.with_borrow(|asked| {
        asked
            .iter()
            .filter(|it| it.path.starts_with(prefix))
            .cloned()
            .collect()
    })
}

pub fn keepalive_exports() -> u32 {
    KEEPALIVE_EXPORTS.get()
}

/// The sizes of all exports so far, in bytes.
pub fn export_sizes() -> Vec<usize> {
    EXPORT_SIZES.with_borrow(Clone::clone)
}

/// Where the last export of spans went, and its `init`.
pub fn last_export() -> (String, JsValue) {
    LAST_EXPORT.with_borrow(Clone::clone)
}

/// From now on answers to exports have a date: by a clock that is so many milliseconds ahead.
pub fn set_server_clock_ahead(millis: f64) {
    SERVER_AHEAD.set(Some(millis));
}

/// Refuses the next export with this status, or [`TIMED_OUT`].
pub fn refuse(status: u16) {
    REFUSALS.with_borrow_mut(|refusals| refusals.push(status));
}

/// The next export is answered so.
pub fn answer_next_export_with(answer: Promise) {
    EXPORT_ANSWER.set(Some(answer));
}

/// No collector answers, or one does again.
pub fn be_down(down: bool) {
    IS_DOWN.set(down);
}

pub fn resource(key: &str) -> Option<String> {
    RESOURCE.with_borrow(|all| all.iter().find(|it| it.key == key)?.value.clone()?.text)
}

/// The spans of a trace that were exported so far.
pub fn exported(trace_id: &str) -> Vec<Span> {
    EXPORTED.with_borrow(|all| {
        all.iter()
            .filter(|it| it.trace() == trace_id)
            .cloned()
            .collect()
    })
}

/// All spans that were exported so far.
pub fn all_exported() -> Vec<Span> {
    EXPORTED.with_borrow(Clone::clone)
}

/// The log records that were exported so far, as the requests that they came in.
pub fn exports_of_logs() -> Vec<Vec<u8>> {
    RAW_LOGS.with_borrow(Clone::clone)
}

/// The spans of a name that were exported so far.
pub fn spans(name: &str) -> Vec<Span> {
    EXPORTED.with_borrow(|all| all.iter().filter(|it| it.name == name).cloned().collect())
}

/// The names of all roots that were exported so far, but for the page's own load.
pub fn roots() -> Vec<String> {
    EXPORTED.with_borrow(|all| {
        all.iter()
            .filter(|it| it.parent_span_id.is_empty() && it.name != "documentLoad")
            .map(|it| it.name.clone())
            .collect()
    })
}

/// The spans of a trace, once its root is among them.
pub async fn finished(trace_id: &str) -> Vec<Span> {
    until(|| {
        exported(trace_id)
            .iter()
            .any(|it| it.parent_span_id.is_empty())
    })
    .await;
    exported(trace_id)
}

/// The log records that were exported so far, in their order.
pub fn logs() -> Vec<Log> {
    LOGS.with_borrow(Clone::clone)
}

/// The only log record of which something is so, once it was exported.
pub async fn log(is_it: impl Fn(&Log) -> bool) -> Log {
    until(|| logs().iter().any(&is_it)).await;
    let mut found: Vec<_> = logs().into_iter().filter(is_it).collect();
    assert_eq!(found.len(), 1, "{found:#?}");
    found.remove(0)
}

/// Waits until something is so, for ten seconds at most.
pub async fn until(condition: impl Fn() -> bool) {
    for _ in 0..2000 {
        if condition() {
            return;
        }
        throughline_browser::flush();
        TimeoutFuture::new(5).await;
    }
    panic!("it never came");
}
