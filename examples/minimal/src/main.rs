//! A click, a request, and its answer.
#![allow(unreachable_pub)]

use leptos::prelude::*;

#[component]
fn App() -> impl IntoView {
    let greet = Action::new_local(|(): &()| async {
        let response = gloo_net::http::Request::get("/greeting.txt").send().await;
        match response {
            Ok(response) => response.text().await.unwrap_or_default(),
            Err(error) => error.to_string(),
        }
    });
    view! {
        <button data-trace="greet" on:click=move |_| { greet.dispatch(()); }>"Greet"</button>
        <p>{move || greet.value().get()}</p>
    }
}

fn main() {
    #[cfg(feature = "telemetry")]
    throughline_browser::init("minimal").install();
    leptos::mount::mount_to_body(App);
}
