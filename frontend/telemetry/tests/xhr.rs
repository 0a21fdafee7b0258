//! The span of an `XMLHttpRequest`, its headers, and that the page notices nothing. The requests are real, to the server
//! of the test page.
#![cfg(target_arch = "wasm32")]

mod support;

use js_sys::{Array, Function, Promise};
use opentelemetry::baggage::BaggageExt;
use opentelemetry::trace::{TraceContextExt, Tracer};
use opentelemetry::{Context, KeyValue, global};
use support::*;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

/// Runs JavaScript within a span of its own, and gives what it resolves to, and the spans of its requests as they ended.
/// (After an `await` of JavaScript they are none of that span's children.)
///
/// `sent` has the headers that reached the browser's own `setRequestHeader`, in their order; `done(xhr)` resolves with
/// the name of the event by which a request ended.
async fn run(code: &str) -> (JsValue, Vec<Span>) {
    set_up_xhr();
    let before = all_exported().len();
    let span = global::tracer("test").start("test");
    let cx = Context::current_with_span(span).with_baggage([KeyValue::new("a", "1")]);
    let trace = cx.span().span_context().trace_id().to_string();
    let function = Function::new_no_args(&format!(
        "const done = xhr => new Promise(resolve => {{
            for (const kind of ['load', 'error', 'abort', 'timeout'])
                xhr.addEventListener(kind, () => resolve(kind), {{once: true}});
        }});
        const sent = window.sent = [];
        return (async () => {{ {code} }})();"
    ));
    let promise: Promise = {
        let _current = cx.clone().attach();
        function.call0(&JsValue::NULL).unwrap().unchecked_into()
    };
    let result = JsFuture::from(promise).await;
    // After what the browser tells of the request's end.
    next_macrotask().await;
    cx.span().end();
    throughline_browser::flush();
    finished(&trace).await;
    let spans = all_exported().into_iter().skip(before);
    let mut requests: Vec<_> = spans.filter(|it| it.kind == 3).collect();
    requests.sort_by_key(|it| it.start);
    (result.unwrap(), requests)
}

fn set_up_xhr() {
    let spy = Function::new_no_args(
        "if (window.sent) return; window.sent = [];
        const original = XMLHttpRequest.prototype.setRequestHeader;
        XMLHttpRequest.prototype.setRequestHeader = function setRequestHeader(name, value) {
            original.call(this, name, value); window.sent.push([name, value]); }",
    );
    spy.call0(&JsValue::NULL).unwrap();
    set_up();
}

fn texts(value: &JsValue) -> Vec<String> {
    let array: &Array = value.unchecked_ref();
    array
        .iter()
        .map(|it| it.as_string().unwrap_or_default())
        .collect()
}

#[wasm_bindgen_test]
async fn a_request_is_a_client_span_of_the_context_in_which_it_is_sent() {
    let (result, spans) = run("const xhr = new XMLHttpRequest();
        xhr.open('get', '/?token=secret'); xhr.send();
        return [await done(xhr), String(xhr.status), sent[0][0], sent[0][1]];")
    .await;
    let result = texts(&result);
    assert_eq!(result[..3], ["load", "200", "traceparent"]);
    let [span] = &spans[..] else {
        panic!("{spans:?}")
    };
    let id: String = span.span_id.iter().map(|it| format!("{it:02x}")).collect();
    assert_eq!(result[3], format!("00-{}-{id}-03", span.trace()));
    assert_eq!(span.name, "GET");
    assert_eq!(span.int("http.response.status_code"), Some(200));
    assert_eq!(span.text("server.address").as_deref(), Some("127.0.0.1"));
    assert!(span.text("url.full").unwrap().ends_with("/?token=REDACTED"));
    assert!(!span.is_error() && span.text("throughline.http.redirected_to").is_none());
}

#[wasm_bindgen_test]
async fn a_status_from_400_on_is_an_error() {
    let (_, spans) = run("const xhr = new XMLHttpRequest();
        xhr.open('POST', '/nothing/is/here'); xhr.send('body'); return await done(xhr);")
    .await;
    let status = spans[0].int("http.response.status_code").unwrap();
    assert!(status >= 400 && spans[0].is_error());
    assert_eq!(spans[0].text("error.type"), Some(status.to_string()));
}

#[wasm_bindgen_test]
async fn abort_timeout_and_error_are_told_apart() {
    let (result, spans) = run("const ends = [];
        for (const [url, end] of [['/?aborted', xhr => xhr.abort()],
                                  ['http://127.0.0.1:1/unreachable', () => 0]]) {
            const xhr = new XMLHttpRequest();
            xhr.open('GET', url); const ended = done(xhr); xhr.send(); end(xhr); ends.push(await ended);
        }
        return ends;")
    .await;
    assert_eq!(texts(&result), ["abort", "error"]);
    let [aborted, unreachable] = &spans[..] else {
        panic!("{spans:?}")
    };
    assert_eq!(aborted.bool("throughline.fetch.aborted"), Some(true));
    assert!(!aborted.is_error());
    assert_eq!(
        unreachable.text("error.type").as_deref(),
        Some("NetworkError")
    );
    assert!(unreachable.is_error());
}

#[wasm_bindgen_test]
async fn an_event_that_the_page_makes_ends_no_request() {
    let (_, spans) = run("const xhr = new XMLHttpRequest();
        xhr.open('GET', '/?events'); xhr.send(); xhr.dispatchEvent(new Event('error'));
        return await new Promise(resolve => xhr.onloadend = resolve);")
    .await;
    assert_eq!(spans[0].int("http.response.status_code"), Some(200));
}

#[wasm_bindgen_test]
async fn a_request_whose_time_is_over_is_a_timeout() {
    // No server is as slow as that: the event is the browser's for a request that hangs.
    let (_, spans) = run("const xhr = new XMLHttpRequest();
        xhr.open('GET', '/?hangs'); xhr.send(); xhr.abort();
        xhr.open('GET', '/?late'); xhr.send();
        Object.defineProperty(xhr, 'readyState', {value: 4});
        xhr.dispatchEvent(new ProgressEvent('timeout')); return 0;")
    .await;
    assert_eq!(spans[1].text("error.type").as_deref(), Some("TimeoutError"));
}

#[wasm_bindgen_test]
async fn a_synchronous_request_has_its_span_too() {
    let (result, spans) = run("const xhr = new XMLHttpRequest();
        xhr.open('GET', '/', false); xhr.send(null);
        const unreachable = new XMLHttpRequest();
        unreachable.open('GET', 'http://127.0.0.1:1/', false);
        let thrown; try { unreachable.send() } catch (error) { thrown = error.name }
        return [String(xhr.status), thrown];")
    .await;
    assert_eq!(texts(&result), ["200", "NetworkError"]);
    assert_eq!(spans[0].int("http.response.status_code"), Some(200));
    assert_eq!(spans[1].text("error.type").as_deref(), Some("NetworkError"));
    assert_eq!(spans.len(), 2);
}

#[wasm_bindgen_test]
async fn one_object_makes_several_requests() {
    let (result, spans) = run("const xhr = new XMLHttpRequest(); const ends = [];
        for (const n of [1, 2, 3]) {
            xhr.open('GET', '/?again=' + n); xhr.send(); ends.push(await done(xhr));
        }
        xhr.open('GET', '/?given-up'); xhr.send();
        xhr.open('GET', '/?instead'); xhr.send(); ends.push(await done(xhr));
        return ends;")
    .await;
    assert_eq!(texts(&result), ["load"; 4]);
    assert_eq!(spans.len(), 5);
    let given_up = spans
        .iter()
        .find(|it| it.text("url.full").unwrap().ends_with("given-up"));
    assert_eq!(
        given_up.unwrap().bool("throughline.fetch.aborted"),
        Some(true)
    );
    assert!(spans.iter().all(|it| !it.is_error()));
}

#[wasm_bindgen_test]
async fn a_traceparent_of_the_page_is_left_alone() {
    let (result, spans) = run("const xhr = new XMLHttpRequest();
        xhr.open('GET', '/'); xhr.setRequestHeader('TraceParent', 'its own'); xhr.send(); await done(xhr);
        return sent.map(it => it.join('='));")
    .await;
    assert_eq!(texts(&result), ["TraceParent=its own"]);
    assert_eq!(spans.len(), 1);
}

#[wasm_bindgen_test]
async fn an_object_is_used_again_as_soon_as_it_has_its_answer() {
    let (result, spans) = run("const xhr = new XMLHttpRequest(); let isFirst = true;
        xhr.onreadystatechange = () => {
            if (xhr.readyState !== 4 || !isFirst) return;
            isFirst = false; xhr.open('GET', '/?second'); xhr.send();
        };
        xhr.open('GET', '/?first'); xhr.send();
        await new Promise(resolve => { xhr.onload = () => xhr.responseURL.endsWith('second') && resolve() });
        return 0;")
    .await;
    assert!(!result.is_undefined());
    assert_eq!(spans.len(), 2);
    for span in &spans {
        assert_eq!(span.int("http.response.status_code"), Some(200), "{span:?}");
        assert_eq!(span.bool("throughline.fetch.aborted"), None);
    }
}

#[wasm_bindgen_test]
async fn a_request_with_credentials_in_its_address_is_traced_without_them() {
    let (_, spans) = run("const xhr = new XMLHttpRequest();
        xhr.open('GET', 'http://user:pass@' + location.host + '/?credentials');
        xhr.send(); return await done(xhr);")
    .await;
    let url = spans[0].text("url.full").unwrap();
    assert!(
        url.starts_with("http://REDACTED:REDACTED@127.0.0.1:"),
        "{url}"
    );
    assert_eq!(spans[0].text("throughline.http.redirected_to"), None);
}

#[cfg(feature = "baggage")]
#[wasm_bindgen_test]
async fn baggage_goes_to_named_origins_beside_what_the_page_gives() {
    let (result, _) = run("const url = 'https://allowed.example/';
        const ask = (url, given) => {
            const xhr = new XMLHttpRequest(); xhr.open('GET', url);
            if (given) xhr.setRequestHeader('Baggage', given);
            sent.length = 0; xhr.send(); xhr.abort();
            return sent.filter(([name]) => name === 'baggage').map(it => it[1]).join();
        };
        return [ask(url), ask('/?own'), ask(url, 'own=1'), ask(url, 'own=' + '1'.repeat(8188))];")
    .await;
    assert_eq!(texts(&result), ["a=1", "", "a=1", ""]);
}

#[wasm_bindgen_test]
async fn another_origin_gets_no_header() {
    let (result, spans) = run("const xhr = new XMLHttpRequest();
        xhr.open('GET', 'http://127.0.0.1:1/'); xhr.send(); await done(xhr); return sent;")
    .await;
    assert!(texts(&result).is_empty());
    assert_eq!(spans[0].int("server.port"), Some(1));
}

#[wasm_bindgen_test]
async fn what_is_ignored_is_not_traced() {
    let (_, spans) = run("const xhr = new XMLHttpRequest();
        xhr.open('GET', '/ignored/this'); xhr.send(); return await done(xhr);")
    .await;
    assert!(spans.is_empty());
}

#[wasm_bindgen_test]
async fn subclasses_and_wrappers_of_the_page_are_traced_once() {
    let (result, spans) = run("class Mine extends XMLHttpRequest { send(body) { super.send(body) } }
        const xhr = new Mine(); xhr.open('GET', '/?mine'); xhr.send(); const mine = await done(xhr);
        const Native = XMLHttpRequest;
        window.XMLHttpRequest = new Proxy(Native, {construct: (target, args) => new target(...args)});
        const wrapped = new XMLHttpRequest(); window.XMLHttpRequest = Native;
        const send = Native.prototype.send;
        Native.prototype.send = function (body) { return send.call(this, body) };
        wrapped.open('GET', '/?wrapped'); wrapped.send(); const end = await done(wrapped);
        Native.prototype.send = send;
        return [mine, end];")
    .await;
    assert_eq!(texts(&result), ["load", "load"]);
    assert_eq!(spans.len(), 2);
}

#[wasm_bindgen_test]
async fn the_page_sees_what_it_saw_before() {
    let (result, _) = run("const xhr = new XMLHttpRequest(); const seen = [];
        for (const call of [() => xhr.send(), () => xhr.open('GET'), () => xhr.open('GET', 'http://['),
                            () => XMLHttpRequest.prototype.open.call({}, 'GET', '/'),
                            () => xhr.open('GET', {toString() { throw new RangeError('its own') }})])
            try { call(); seen.push('nothing') } catch (error) { seen.push(error.name) }
        let said = 0;
        xhr.open('GET', {toString() { said++; return '/?said' }}); xhr.send(); await done(xhr);
        seen.push(String(said), xhr.responseURL.slice(-6), String(Object.keys(xhr).length),
                  XMLHttpRequest.prototype.open.name, String(XMLHttpRequest.prototype.open.length));
        return seen;")
    .await;
    let thrown = [
        "InvalidStateError",
        "TypeError",
        "SyntaxError",
        "TypeError",
        "RangeError",
    ];
    assert_eq!(texts(&result)[..5], thrown);
    assert_eq!(texts(&result)[5..], ["1", "/?said", "0", "open", "2"]);
}

#[cfg(feature = "resource-timing")]
#[wasm_bindgen_test]
async fn a_request_has_the_timings_of_its_phases() {
    let (_, spans) = run("let told = 0;
        const both = new Promise(resolve => new PerformanceObserver(list => {
            told += list.getEntries().filter(it => it.name.endsWith('/?timed')).length;
            if (told == 2) setTimeout(resolve, 0);
        }).observe({type: 'resource'}));
        for (const n of [1, 2]) {
            const xhr = new XMLHttpRequest(); xhr.open('GET', '/?timed'); xhr.send(); await done(xhr);
        }
        await both; return 0;")
    .await;
    for span in &spans {
        let request = span.double("throughline.network.request_ms");
        let request = request.unwrap_or_else(|| panic!("{span:#?}"));
        assert!((0.0..10_000.0).contains(&request));
        assert!(span.int("http.response.body.size").unwrap() > 0);
        assert_eq!(span.text("network.protocol.name").as_deref(), Some("http"));
        assert_eq!(
            span.text("network.protocol.version").as_deref(),
            Some("1.1")
        );
    }
    assert_eq!(spans.len(), 2);
}
