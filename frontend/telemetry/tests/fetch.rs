//! The span of a request, its headers, and that the page notices nothing.
#![cfg(target_arch = "wasm32")]

mod support;

use std::cell::Cell;
use std::rc::Rc;

use js_sys::{Function, Object, Reflect};
use support::*;
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{AbortController, Headers, Request, RequestInit};

wasm_bindgen_test_configure!(run_in_browser);

/// The span of the only request at `path`.
async fn span_of(path: &str) -> Span {
    let asked = asked(path);
    assert_eq!(asked.len(), 1);
    let traceparent = asked[0].traceparent.clone().expect("no traceparent");
    let parts: Vec<_> = traceparent.split('-').collect();
    assert_eq!((parts[0], parts[3]), ("00", "03"));
    let spans = finished(parts[1]).await;
    spans
        .into_iter()
        .find(|it| hex(&it.span_id) == parts[2])
        .expect("not the span of the header")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[wasm_bindgen_test]
async fn a_request_is_a_client_span_with_the_attributes_of_the_conventions() {
    set_up();
    get("/plain?token=secret&page=2").await.unwrap();
    let span = span_of("/plain").await;
    assert_eq!((span.name.as_str(), span.kind), ("GET", 3));
    assert_eq!(span.text("http.request.method").as_deref(), Some("GET"));
    assert_eq!(span.int("http.response.status_code"), Some(200));
    assert_eq!(
        span.text("server.address").unwrap(),
        window().location().hostname().unwrap()
    );
    assert_eq!(
        span.int("server.port").unwrap().to_string(),
        window().location().port().unwrap()
    );
    assert!(
        span.text("url.full")
            .unwrap()
            .ends_with("/plain?token=REDACTED&page=2")
    );
    assert_eq!(
        span.text("throughline.server.span_id").as_deref(),
        Some(SERVER_SPAN)
    );
    assert!(!span.is_error() && span.text("error.type").is_none());
}

#[wasm_bindgen_test]
async fn a_status_from_400_on_is_an_error() {
    set_up();
    assert_eq!(get("/unauthorized").await.unwrap().status(), 401);
    let span = span_of("/unauthorized").await;
    assert!(span.is_error());
    assert_eq!(span.text("error.type").as_deref(), Some("401"));
}

#[wasm_bindgen_test]
async fn a_request_that_reaches_nobody_fails_as_before() {
    set_up();
    let reason = get("/unreachable").await.unwrap_err();
    assert!(reason.is_instance_of::<js_sys::TypeError>());
    let span = span_of("/unreachable").await;
    assert!(span.is_error());
    assert_eq!(span.text("error.type").as_deref(), Some("TypeError"));
    assert_eq!(span.int("http.response.status_code"), None);
}

#[wasm_bindgen_test]
async fn an_aborted_request_is_no_error() {
    set_up();
    let controller = AbortController::new().unwrap();
    let init = RequestInit::new();
    init.set_signal(Some(&controller.signal()));
    let response = get_with("/aborted", &init);
    controller.abort();
    let reason = response.await.unwrap_err();
    assert_eq!(Reflect::get(&reason, &"name".into()).unwrap(), "AbortError");
    let asked = asked("/aborted");
    let trace = asked[0]
        .traceparent
        .as_ref()
        .unwrap()
        .split('-')
        .nth(1)
        .unwrap()
        .to_owned();
    let span = &finished(&trace).await[0];
    assert!(!span.is_error() && span.text("error.type").is_none());
}

#[wasm_bindgen_test]
async fn headers_are_kept_in_every_form_in_which_they_can_be_given() {
    set_up();
    let object = Object::new();
    Reflect::set(&object, &"x-custom".into(), &"object".into()).unwrap();
    let pair = js_sys::Array::of2(&"x-custom".into(), &"array".into());
    let headers = Headers::new().unwrap();
    headers.set("x-custom", "headers").unwrap();
    let forms: [(&str, JsValue); 3] = [
        ("object", object.into()),
        ("array", js_sys::Array::of1(&pair).into()),
        ("headers", headers.clone().into()),
    ];
    for (form, value) in forms {
        let init = RequestInit::new();
        init.set_headers(&value);
        init.set_method("post");
        let path = format!("/form/{form}");
        get_with(&path, &init).await.unwrap();
        assert_eq!(asked(&path)[0].custom.as_deref(), Some(form));
        assert_eq!(span_of(&path).await.name, "POST");
    }
    let request = Request::new_with_str("/form/request").unwrap();
    request.headers().set("x-custom", "request").unwrap();
    wasm_bindgen_futures::JsFuture::from(window().fetch_with_request(&request))
        .await
        .unwrap();
    assert_eq!(asked("/form/request")[0].custom.as_deref(), Some("request"));
    span_of("/form/request").await;
    assert_eq!(
        headers.get("traceparent").unwrap(),
        None,
        "the page's own object was changed"
    );
}

#[wasm_bindgen_test]
async fn an_unknown_method_is_other() {
    set_up();
    let init = RequestInit::new();
    init.set_method("BREW");
    get_with("/coffee", &init).await.unwrap();
    let span = span_of("/coffee").await;
    assert_eq!(span.name, "HTTP");
    assert_eq!(span.text("http.request.method").as_deref(), Some("_OTHER"));
    assert_eq!(
        span.text("http.request.method_original").as_deref(),
        Some("BREW")
    );
}

#[wasm_bindgen_test]
async fn the_context_goes_to_the_own_origin_only() {
    set_up();
    // The stub keeps `Request`s only: this one comes as it was made, a string.
    get("http://elsewhere.example/there").await.unwrap();
    assert!(asked("/there").is_empty());
}

#[wasm_bindgen_test]
async fn the_response_is_the_one_that_fetch_gave_and_unread() {
    set_up();
    let response = get("/body").await.unwrap();
    assert!(!response.body_used());
    let text = wasm_bindgen_futures::JsFuture::from(response.text().unwrap())
        .await
        .unwrap();
    assert_eq!(text, "ok");
}

#[wasm_bindgen_test]
async fn an_address_that_is_none_is_refused_by_fetch_itself() {
    set_up();
    let before = throughline_browser::ledger().created;
    let fetch: Function = Reflect::get(&window(), &"fetch".into())
        .unwrap()
        .unchecked_into();
    let _answer = fetch.call1(&window(), &"http://[".into());
    assert_eq!(throughline_browser::ledger().created, before);
}

#[wasm_bindgen_test]
async fn what_is_not_fetched_by_http_is_not_traced() {
    set_up();
    let before = throughline_browser::ledger().created;
    get("data:text/plain,secret").await.unwrap();
    let origin = window().location().origin().unwrap();
    get(&format!("blob:{origin}/0-0-0")).await.unwrap();
    assert_eq!(throughline_browser::ledger().created, before);
}

#[wasm_bindgen_test]
async fn an_object_is_the_address_that_it_says_it_is() {
    set_up();
    let object = Object::new();
    Reflect::set(&object, &"href".into(), &"/object/href".into()).unwrap();
    let says = Function::new_no_args("return '/object/says'");
    Reflect::set(&object, &"toString".into(), &says).unwrap();
    fetch(&object, None).await.unwrap();
    assert!(asked("/object/href").is_empty());

    let url = web_sys::Url::new_with_base("/object/url", &window().location().href().unwrap());
    fetch(&url.unwrap(), None).await.unwrap();
    span_of("/object/url").await;
}

#[wasm_bindgen_test]
async fn a_request_is_what_the_page_asked_for() {
    set_up();
    let init = |entries: &[(&str, JsValue)]| {
        let init = Object::new();
        for (key, value) in entries {
            Reflect::set(&init, &(*key).into(), value).unwrap();
        }
        init
    };
    let asked_for = [
        ("method", "PUT".into()),
        ("body", "text".into()),
        ("credentials", "omit".into()),
        ("mode", "same-origin".into()),
        ("cache", "no-store".into()),
        ("redirect", "manual".into()),
        ("referrerPolicy", "no-referrer".into()),
        ("integrity", "sha256-x".into()),
        ("keepalive", true.into()),
    ];
    let init = init(&asked_for);
    fetch(&"/exact/init".into(), Some(&init)).await.unwrap();
    let request = Request::new_with_str_and_init("/exact/request", init.unchecked_ref()).unwrap();
    fetch(&request, None).await.unwrap();
    let request = Request::new_with_str("/exact/both").unwrap();
    fetch(&request, Some(&init)).await.unwrap();
    for path in ["/exact/init", "/exact/request", "/exact/both"] {
        let Asked { request, .. } = asked(path).remove(0);
        for (key, value) in &asked_for {
            if *key != "body" {
                assert_eq!(Reflect::get(&request, &(*key).into()).unwrap(), *value);
            }
        }
        let text = wasm_bindgen_futures::JsFuture::from(request.text().unwrap()).await;
        assert_eq!(text.unwrap(), "text");
        assert_eq!(span_of(path).await.name, "PUT");
    }
}

#[wasm_bindgen_test]
async fn no_init_may_be_null() {
    set_up();
    fetch(&"/null".into(), Some(&JsValue::NULL)).await.unwrap();
    assert_eq!(span_of("/null").await.name, "GET");
}

#[wasm_bindgen_test]
async fn a_rejection_that_nobody_handles_is_told_once_and_a_handled_one_never() {
    set_up();
    let count = Rc::new(Cell::new(0));
    let on_rejection = {
        let count = Rc::clone(&count);
        Closure::<dyn Fn(web_sys::Event)>::new(move |event: web_sys::Event| {
            event.prevent_default();
            count.set(count.get() + 1);
        })
    };
    window()
        .add_event_listener_with_callback(
            "unhandledrejection",
            on_rejection.as_ref().unchecked_ref(),
        )
        .unwrap();
    get("/unreachable/handled").await.unwrap_err();
    let _nobody = window().fetch_with_str("/unreachable/nobody");
    until(|| count.get() > 0).await;
    span_of("/unreachable/nobody").await;
    next_macrotask().await;
    assert_eq!(count.get(), 1);
    window()
        .remove_event_listener_with_callback(
            "unhandledrejection",
            on_rejection.as_ref().unchecked_ref(),
        )
        .unwrap();
}

#[wasm_bindgen_test]
async fn what_is_ignored_is_not_traced() {
    set_up();
    let before = throughline_browser::ledger().created;
    get("/ignored/anything?at=all").await.unwrap();
    get("/exact?x=1#part").await.unwrap();
    assert_eq!(throughline_browser::ledger().created, before);
    get("/exact?x=2").await.unwrap();
    span_of("/exact?x=2").await;
}

#[wasm_bindgen_test]
async fn the_context_goes_to_an_allowed_origin_whatever_path_it_was_given_with() {
    set_up();
    get("https://allowed.example/api").await.unwrap();
    let span = span_of("/api").await;
    assert_eq!(
        span.text("server.address").as_deref(),
        Some("allowed.example")
    );
    assert_eq!(span.int("server.port"), Some(443));
}

#[wasm_bindgen_test]
fn what_is_no_origin_and_no_pattern_is_told_in_the_console() {
    set_up();
    let warnings = set_up_warnings();
    let [origin, pattern] = &warnings[..] else {
        panic!("{warnings:?}")
    };
    assert!(origin.ends_with(": not-an-origin"), "{origin}");
    assert!(pattern.ends_with(": https://part-of-a-host*"), "{pattern}");
}

#[wasm_bindgen_test]
async fn what_is_not_to_be_propagated_to_is_traced_and_carries_nothing() {
    set_up();
    get("/downloads/file").await.unwrap();
    let is_it = |it: &Span| {
        it.text("url.full")
            .is_some_and(|url| url.ends_with("/downloads/file"))
    };
    until(|| all_exported().iter().any(is_it)).await;
    // As in the test before: a string came as it was.
    assert!(asked("/downloads").is_empty());
}

#[cfg(feature = "baggage")]
mod baggage {
    use opentelemetry::baggage::BaggageExt;
    use opentelemetry::{Context, KeyValue};

    use super::*;

    /// The header of a request that is made in a context with the baggage `a=1`.
    async fn sent(url: &str, init: &[(&str, &str)], given: Option<&str>) -> Option<String> {
        set_up();
        let object = Object::new();
        for (key, value) in init {
            Reflect::set(&object, &(*key).into(), &(*value).into()).unwrap();
        }
        if let Some(given) = given {
            let headers = Headers::new().unwrap();
            headers.set("baggage", given).unwrap();
            Reflect::set(&object, &"headers".into(), &headers).unwrap();
        }
        let answer = {
            let _current = Context::current()
                .with_baggage([KeyValue::new("a", "1")])
                .attach();
            window().fetch_with_str_and_init(url, object.unchecked_ref())
        };
        wasm_bindgen_futures::JsFuture::from(answer).await.unwrap();
        let path = url.trim_start_matches("https://allowed.example");
        asked(path)[0].request.headers().get("baggage").unwrap()
    }

    #[wasm_bindgen_test]
    async fn it_goes_where_no_redirection_takes_it_to_another_origin() {
        assert_eq!(sent("/baggage/follows", &[], None).await, None);
        let stays = [
            ("/baggage/error", ("redirect", "error")),
            ("/baggage/manual", ("redirect", "manual")),
            ("/baggage/same-origin", ("mode", "same-origin")),
        ];
        for (path, init) in stays {
            assert_eq!(sent(path, &[init], None).await.unwrap(), "a=1");
        }
    }

    #[wasm_bindgen_test]
    async fn it_goes_to_an_origin_that_was_named() {
        let there = sent("https://allowed.example/baggage/named", &[], None);
        assert_eq!(there.await.unwrap(), "a=1");
    }

    #[wasm_bindgen_test]
    async fn what_the_page_gives_itself_stays_and_comes_first() {
        let both = sent("/baggage/both", &[("redirect", "error")], Some("own=1"));
        assert_eq!(both.await.unwrap(), "own=1, a=1");
        let most = format!("own={}", "1".repeat(8192 - 4));
        let full = sent("/baggage/full", &[("redirect", "error")], Some(&most));
        assert_eq!(full.await.unwrap(), most);
        let follows = sent("/baggage/own", &[], Some("own=1"));
        assert_eq!(follows.await.unwrap(), "own=1");
    }
}

#[wasm_bindgen_test]
async fn a_timeout_is_an_error_and_an_abort_for_a_reason_of_the_page_is_none() {
    set_up();
    let timeout = js_sys::Error::new("it took too long");
    timeout.set_name("TimeoutError");
    for (path, reason) in [
        ("/late", timeout.into()),
        ("/unwanted", JsValue::from("gone")),
    ] {
        let controller = AbortController::new().unwrap();
        let init = RequestInit::new();
        init.set_signal(Some(&controller.signal()));
        let response = get_with(path, &init);
        controller.abort_with_reason(&reason);
        assert_eq!(response.await.unwrap_err(), reason);
    }
    let (late, unwanted) = (span_of("/late").await, span_of("/unwanted").await);
    assert_eq!(late.text("error.type").as_deref(), Some("TimeoutError"));
    assert!(late.is_error() && late.bool("throughline.fetch.aborted").is_none());
    assert_eq!(unwanted.bool("throughline.fetch.aborted"), Some(true));
    assert!(!unwanted.is_error() && unwanted.text("error.type").is_none());
}

#[wasm_bindgen_test]
async fn a_redirection_tells_the_origin_that_it_ended_at() {
    set_up();
    let redirected = Function::new_no_args(
        "return Promise.resolve(Object.defineProperties(new Response('ok'), {
            redirected: {value: true}, url: {value: 'https://cdn.example:8443/file?token=secret'}}))",
    );
    answer_next_with(redirected.call0(&JsValue::NULL).unwrap().unchecked_into());
    get("/moved").await.unwrap();
    let span = span_of("/moved").await;
    let end = span.text("throughline.http.redirected_to");
    assert_eq!(end.as_deref(), Some("https://cdn.example:8443"));
    assert!(span.text("url.full").unwrap().ends_with("/moved"));
}

#[wasm_bindgen_test]
async fn an_opaque_response_has_no_status_and_is_no_error() {
    set_up();
    // The test page's embedder policy keeps the browser from giving a real one.
    let opaque = Function::new_no_args(
        "return Promise.resolve(Object.defineProperties(new Response(), {
            type: {value: 'opaque'}, status: {value: 0}, url: {value: ''}}))",
    );
    answer_next_with(opaque.call0(&JsValue::NULL).unwrap().unchecked_into());
    assert_eq!(get("/opaque").await.unwrap().status(), 0);
    let span = span_of("/opaque").await;
    assert_eq!(span.int("http.response.status_code"), None);
    assert!(!span.is_error());
}

#[wasm_bindgen_test]
async fn requests_that_are_never_answered_do_not_pile_up() {
    set_up();
    for n in 0..=1000 {
        let _never = window().fetch_with_str(&format!("/never/{n}"));
    }
    let first = span_of("/never/0").await;
    assert_eq!(first.bool("throughline.fetch.unanswered"), Some(true));
    let trace = asked("/never/1000")[0].traceparent.clone().unwrap();
    assert!(exported(trace.split('-').nth(1).unwrap()).is_empty());
}

#[cfg(feature = "resource-timing")]
#[wasm_bindgen_test]
async fn every_answered_request_has_its_timings_though_they_come_after_its_end() {
    set_up();
    // Two at a time: the server of wasm-bindgen's test runner can leave one of several new connections unanswered (the
    // task pool of tiny_http 0.12 counts a waiting thread for each of them).
    for n in 0..20 {
        let path = format!("/?native&timed={}", n % 10);
        let _answers = futures::join!(get(&path), get(&path));
    }
    // To flush is not to wait for them.
    let told = "let told = 0; return new Promise(resolve => new PerformanceObserver(list => {
        told += list.getEntries().filter(it => it.name.includes('&timed=')).length;
        if (told == 40) setTimeout(resolve, 0);
    }).observe({type: 'resource', buffered: true}));";
    let told = script("", told).call0(&JsValue::NULL).unwrap();
    let told: js_sys::Promise = told.unchecked_into();
    wasm_bindgen_futures::JsFuture::from(told).await.unwrap();
    let answered = || {
        let mut spans = all_exported();
        spans.retain(|it| {
            it.text("url.full")
                .is_some_and(|url| url.contains("&timed="))
        });
        spans
    };
    until(|| answered().len() == 40).await;
    for span in answered() {
        let request = span.double("throughline.network.request_ms");
        let request = request.unwrap_or_else(|| panic!("no timings in {span:#?}"));
        assert!((0.0..10_000.0).contains(&request));
        assert_eq!(span.text("network.protocol.name").as_deref(), Some("http"));
    }
}

/// `fetch(input)` or `fetch(input, init)`, as JavaScript says it.
async fn fetch(input: &JsValue, init: Option<&JsValue>) -> Result<JsValue, JsValue> {
    let fetch: Function = Reflect::get(&window(), &"fetch".into())
        .unwrap()
        .unchecked_into();
    let promise = match init {
        Some(init) => fetch.call2(&window(), input, init),
        None => fetch.call1(&window(), input),
    };
    wasm_bindgen_futures::JsFuture::from(promise?.unchecked_into::<js_sys::Promise>()).await
}
