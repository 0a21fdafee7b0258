//! One tab at a time: the [Web Locks API](https://www.w3.org/TR/web-locks/).

use js_sys::{Function, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;

/// A lock that the tabs of this origin share. It is free again once this is dropped.
pub(crate) struct TabLock {
    release: Option<Function>,
}

// === impl TabLock ===

impl TabLock {
    /// Waits until no other tab holds the lock `name`. Where the browser has no locks, nobody waits.
    pub(crate) async fn acquire(name: &str) -> TabLock {
        TabLock {
            release: request(name).await,
        }
    }
}

impl Drop for TabLock {
    fn drop(&mut self) {
        if let Some(release) = self.release.take() {
            let _ = release.call0(&JsValue::UNDEFINED);
        }
    }
}

/// Returns what gives the lock back.
async fn request(name: &str) -> Option<Function> {
    let navigator = web_sys::window()?.navigator();
    let locks = Reflect::get(&navigator, &"locks".into()).ok()?;
    let request: Function = Reflect::get(&locks, &"request".into())
        .ok()?
        .dyn_into()
        .ok()?;

    // The browser holds the lock until the promise that the callback returns is settled.
    let mut release = None;
    let held = Promise::new(&mut |resolve, _| release = Some(resolve));
    let mut asked = None;
    let granted = Promise::new(&mut |resolve, _| {
        let held = held.clone();
        let callback = Closure::once_into_js(move |_lock: JsValue| {
            let _ = resolve.call0(&JsValue::UNDEFINED);
            held
        });
        asked = request.call2(&locks, &name.into(), &callback).ok();
    });
    asked?;
    JsFuture::from(granted).await.ok()?;
    release
}
