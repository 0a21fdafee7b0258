//! What is sent is compressed, where the page has time for it.
#![cfg(target_arch = "wasm32")]

use std::cell::RefCell;

use gloo_timers::future::TimeoutFuture;
use js_sys::{Array, Function, Promise, Reflect, Uint8Array};
use opentelemetry::trace::{SpanBuilder, Tracer};
use opentelemetry::{KeyValue, global};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{Event, ReadableWritablePair, Response};

wasm_bindgen_test_configure!(run_in_browser);

thread_local! {
    static SENT: RefCell<Vec<(Option<String>, Uint8Array)>> = const { RefCell::new(Vec::new()) };
}

fn get(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap()
}

/// A span with a text that packs well.
fn span() {
    let text = KeyValue::new("text", "gzip ".repeat(500));
    global::tracer("test").build(SpanBuilder::from_name("long").with_attributes([text]));
}

async fn unpacked(body: &Uint8Array) -> Vec<u8> {
    let stream: Function = get(&js_sys::global(), "DecompressionStream").unchecked_into();
    let stream = Reflect::construct(&stream, &Array::of1(&"gzip".into())).unwrap();
    let packed = Response::new_with_opt_js_u8_array(Some(body))
        .unwrap()
        .body()
        .unwrap();
    let plain = packed.pipe_through(stream.unchecked_ref::<ReadableWritablePair>());
    let plain = Response::new_with_opt_readable_stream(Some(&plain)).unwrap();
    let plain = JsFuture::from(plain.array_buffer().unwrap()).await.unwrap();
    Uint8Array::new(&plain).to_vec()
}

#[wasm_bindgen_test]
async fn a_batch_is_compressed_and_what_a_closing_page_sends_is_not() {
    let stub = Closure::<dyn Fn(JsValue, JsValue) -> Promise>::new(|_, init: JsValue| {
        let encoding = get(&get(&init, "headers"), "content-encoding").as_string();
        SENT.with_borrow_mut(|it| it.push((encoding, get(&init, "body").unchecked_into())));
        Promise::resolve(&JsValue::from(Response::new().unwrap()))
    });
    let window = web_sys::window().unwrap();
    Reflect::set(&window, &"fetch".into(), &stub.into_js_value()).unwrap();
    throughline_browser::init("test")
        .document_load(false)
        .install();

    span();
    throughline_browser::flush();
    while SENT.with_borrow(Vec::is_empty) {
        TimeoutFuture::new(1).await;
    }
    let (encoding, packed) = SENT.with_borrow(|it| it[0].clone());
    assert_eq!(encoding.as_deref(), Some("gzip"));
    let plain = unpacked(&packed).await;
    let text = "gzip ".repeat(500);
    assert!(plain.windows(text.len()).any(|it| it == text.as_bytes()));
    assert!(packed.length() < 1000);

    span();
    window
        .dispatch_event(&Event::new("pagehide").unwrap())
        .unwrap();
    let (encoding, body) = SENT.with_borrow(|it| it[1].clone());
    assert_eq!(encoding, None);
    assert!(body.length() > 2500);
    // What is being compressed when the page is left goes as it is, and once.
    TimeoutFuture::new(10).await;
    span();
    throughline_browser::flush();
    for _ in 0..5 {
        JsFuture::from(Promise::resolve(&JsValue::NULL))
            .await
            .unwrap();
    }
    assert_eq!(SENT.with_borrow(Vec::len), 2, "it takes a while");
    window
        .dispatch_event(&Event::new("pagehide").unwrap())
        .unwrap();
    let (encoding, body) = SENT.with_borrow(|it| it[2].clone());
    assert_eq!(encoding, None);
    assert!(body.length() > 2500);
    while throughline_browser::ledger().exporting > 0 {
        TimeoutFuture::new(1).await;
    }
    TimeoutFuture::new(50).await;
    assert_eq!(SENT.with_borrow(Vec::len), 3);
    assert_eq!(throughline_browser::ledger().exported, 3);
}
