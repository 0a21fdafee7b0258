//! Interactions that are not sampled: their work is in their own traces all the same, which say so.
#![cfg(target_arch = "wasm32")]

mod support;

use std::cell::RefCell;
use std::rc::Rc;

use futures::channel::oneshot;
use leptos::task::spawn_local;
use support::*;
use throughline_browser::Sampler;
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

fn on_click(selector: &str, handler: impl Fn() + 'static) {
    let handler = Closure::<dyn Fn()>::new(handler).into_js_value();
    find(selector)
        .add_event_listener_with_callback("click", handler.unchecked_ref())
        .unwrap();
}

#[wasm_bindgen_test]
async fn what_another_interaction_lets_go_on_stays_in_its_own_trace() {
    set_up_with(|builder| builder.sampler(Sampler::ALWAYS_OFF));
    html(r#"<button id="waits"></button><button id="lets"></button>"#);
    let (sender, receiver) = oneshot::channel::<()>();
    let (sender, receiver) = (
        RefCell::new(Some(sender)),
        Rc::new(RefCell::new(Some(receiver))),
    );
    on_click("#waits", move || {
        let receiver = receiver.take().unwrap();
        spawn_local(async move {
            receiver.await.unwrap();
            get("/waited").await.unwrap();
        });
    });
    on_click("#lets", move || {
        sender.take().unwrap().send(()).unwrap();
        spawn_local(async {
            get("/let").await.unwrap();
        });
    });
    let waits = click(&find("#waits"));
    next_macrotask().await;
    let lets = click(&find("#lets"));
    assert_ne!(waits, lets);
    for (path, trace) in [("/waited", waits), ("/let", lets)] {
        until(|| asked(path).len() == 1).await;
        let traceparent = asked(path)[0].traceparent.clone().unwrap();
        assert!(traceparent.contains(&trace), "{path}: {traceparent}");
        assert!(traceparent.ends_with("-02"), "not sampled: {traceparent}");
        assert!(exported(&trace).is_empty());
    }
}
