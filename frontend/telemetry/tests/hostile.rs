//! Ten thousand calls of `fetch` as nobody should make them, over the browser's own `Request`: none fails that would not
//! fail without us, none panics, and what is told of them is bounded.
#![cfg(target_arch = "wasm32")]

mod support;

use std::cell::RefCell;

use js_sys::{Array, Function, Promise};
use support::*;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

/// `throughline_core::limits::MAX_ATTRIBUTE_VALUE_BYTES`.
const MAX_VALUE_BYTES: usize = 4096;

/// Puts a `fetch` below the client's, and gives a function that makes the calls of a range with either, and tells where
/// they differ. The one below answers by itself, as far as a `Request` can be made, the way that `fetch` begins.
const PAGE: &str = r#"
const native = window.fetch;
const before = async function (input, init) {
    if (typeof input === 'string' && input.endsWith('/v1/traces')) return keep(init);
    const request = new Request(input, init);
    if (request.signal.aborted) throw request.signal.reason;
    if (request.url.includes('fails')) throw Object.assign(new Error('x'), {name: 'N'.repeat(5000)});
    const headers = new Headers();
    for (const [name, value] of [['server-timing', odd(request.url.length)], ['x', 'y']])
        try { headers.set(name, value) } catch {}
    return new Response(null, {status: [200, 204, 301, 404, 500, 599][request.url.length % 6], headers});
};
const odd = n => ['', 'trace', 'trace;desc=', 'trace;desc="00-' + 'a'.repeat(32) + '-' + 'b'.repeat(16) + '-01"',
    ',;"\\', 'x'.repeat(9000), 'trace;desc="\u00ff', 'traceparent;desc=00-0-0-0'][n % 8];
const throws = what => ({get [what]() { throw new RangeError(what) }});
const generator = seed => {
    let state = seed * 2654435761 >>> 0 || 1;
    const next = below => (state ^= state << 13, state ^= state >>> 17, state ^= state << 5, (state >>> 0) % below);
    const pick = list => list[next(list.length)]();
    const text = () => Array.from({length: next(24)}, () => String.fromCharCode(
        next(4) ? 32 + next(95) : next(65536))).join('');
    const address = () => pick([
        () => '/' + text(), () => text(), () => 'http://[', () => 'https://' + text(), () => '//' + text(),
        () => 'http://user:secret@host.example/', () => 'data:,' + text(), () => 'blob:null/0', () => '',
        () => 'http://[::1]:' + next(99999) + '/?' + text(), () => '/' + 'long'.repeat(next(5000)),
        () => 'https://allowed.example/?token=' + text(), () => '/fails?' + text(), () => 'about:blank',
        () => 'http://host.example:99999999999999999999/', () => '/%zz%00\u0000\ud800?#?#' + text(),
    ]);
    const method = () => pick([() => 'GET', () => 'post', () => 'patch', () => 'M'.repeat(5000), () => '', () => 'a b',
        () => 'TRACE', () => null, () => 7, () => ({toString: () => 'PUT'}), () => Symbol('s'), () => throws('toString')]);
    const headers = () => pick([() => ({[text()]: text()}), () => [['a', text()]], () => [['a']], () => null, () => 7,
        () => ({traceparent: text()}), () => new Headers({tracestate: 'a=' + 'b'.repeat(600)}), () => throws('x'),
        () => new Proxy({}, {ownKeys() { throw new EvalError('keys') }})]);
    const init = () => pick([() => undefined, () => null, () => ({}), () => 7, () => 'text', () => throws('method'),
        () => throws('headers'), () => throws('signal'), () => throws('body'), () => ({signal: {}}),
        () => ({signal: AbortSignal.abort(pick([() => undefined, text, () => null, () => throws('name')]))}),
        () => ({method: method()}), () => ({method: method(), headers: headers(), body: text()}),
        () => ({headers: headers(), mode: pick([() => 'no-cors', () => 'navigate', text])}),
        () => Object.freeze({method: 'POST', headers: Object.freeze(['a'])}), () => Object.create(null),
        () => new Proxy({}, {get() { throw new URIError('get') }})]);
    const input = () => pick([address, address, address, address, () => undefined, () => null, () => 7, () => Symbol(),
        () => new URL('/url?' + next(9), location.href), () => ({toString: address}), () => throws('toString'),
        () => ({toString: () => ({})}), () => new Request('/request?' + next(9), {method: 'POST', body: text()}),
        () => new Proxy({}, {get() { throw new URIError('get') }}), () => [], () => () => 0]);
    return [[], [input()], [input(), init()], [input(), init()], [input(), init()]][next(5)];
};
const outcome = async (fetch, n) => {
    try {
        const response = await Reflect.apply(fetch, window, generator(n));
        return 'status ' + response.status;
    } catch (error) {
        try { return 'reason ' + String(error && error.name).slice(0, 20) } catch { return 'odd reason' }
    }
};
const below = window.fetch = new Proxy(native, {
    apply: (_, self, args) => args.length ? before(...args) : Reflect.apply(native, self, args),
});
return async (from, to) => {
    const calls = [];
    for (let n = from; n < to; n++) calls.push(Promise.all([outcome(below, n), outcome(window.fetch, n)]));
    return (await Promise.all(calls)).flatMap(([a, b], n) => a === b ? [] : [`${from + n}: ${a}, not ${b}`]);
};
"#;

/// `SPAN_KIND_CLIENT`.
const CLIENT: i32 = 3;

#[wasm_bindgen_test]
async fn the_page_is_told_what_it_would_be_told_without_us_and_nothing_grows() {
    let compare = page();
    for from in (0..10_000).step_by(250) {
        let differences: Promise = compare
            .call2(&JsValue::NULL, &from.into(), &(from + 250).into())
            .unwrap()
            .unchecked_into();
        let differences = JsFuture::from(differences).await.unwrap();
        let differences: Vec<_> = differences
            .unchecked_ref::<Array>()
            .iter()
            .filter_map(|it| it.as_string())
            .collect();
        assert!(differences.is_empty(), "{differences:#?}");
    }

    until(|| {
        let ledger = throughline_browser::ledger();
        ledger.queued == 0 && ledger.exporting == 0
    })
    .await;
    let spans = all_exported().into_iter();
    let spans: Vec<_> = spans
        .filter(|it| it.kind == CLIENT && it.name != "documentFetch")
        .collect();
    assert!(spans.len() > 1000, "{}", spans.len());
    for span in spans {
        assert!(span.name.len() <= 256 && span.attributes.len() <= 16);
        for attribute in &span.attributes {
            let text = attribute.value.as_ref().and_then(|it| it.text.as_ref());
            assert!(
                text.is_none_or(|it| it.len() <= MAX_VALUE_BYTES),
                "{}",
                attribute.key
            );
        }
        assert!(!span.text("url.full").unwrap().contains("secret"));
    }
}

#[wasm_bindgen_test]
async fn the_wrapper_looks_like_the_browsers_own() {
    page();
    let looks = Function::new_no_args(
        "return fetch().then(() => 'an answer', error => [
            fetch.name, fetch.length, /native code/.test(fetch), 'prototype' in fetch, error.name,
            /1 argument required/.test(error.message)].join(' '));",
    );
    let looks: Promise = looks.call0(&JsValue::NULL).unwrap().unchecked_into();
    let looks = JsFuture::from(looks).await.unwrap();
    assert_eq!(looks, "fetch 1 true false TypeError true");
}

thread_local! {
    static COMPARE: RefCell<Option<Function>> = const { RefCell::new(None) };
}

/// Sets the page up, once.
fn page() -> Function {
    if let Some(compare) = COMPARE.with_borrow(Clone::clone) {
        return compare;
    }
    let keep = Closure::<dyn Fn(JsValue) -> Promise>::new(|init: JsValue| exported_in(&init));
    let page = Function::new_with_args("keep", PAGE);
    let compare = page.call1(&JsValue::NULL, &keep.into_js_value()).unwrap();
    let compare: Function = compare.unchecked_into();
    COMPARE.set(Some(compare.clone()));
    install(|it| it);
    compare
}
