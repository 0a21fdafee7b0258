//! A page for the rules of context. Each button makes ten fetches one after the other, by the way that its name says;
//! each fetch says in its URL which click caused it, so that the tests can compare that with the trace it is in.

#![allow(
    unreachable_pub,
    reason = "what #[component] makes of a function is `pub`"
)]

mod account;
mod action;
mod click;
mod effect;
mod leave;
mod mounted;
mod panic;
mod resource;
mod slow;
mod spawn;
mod stopped;

use leptos::prelude::*;

fn main() {
    console_error_panic_hook::set_once();
    throughline_browser::init("throughline-lab")
        .version(env!("CARGO_PKG_VERSION"))
        .endpoint(collector().unwrap_or_default())
        .install();
    leptos::mount::mount_to_body(Lab);
}

/// Another collector than the page's own server: `?collector=http://127.0.0.1:4318`.
fn collector() -> Option<String> {
    let query = leptos::prelude::window().location().search().ok()?;
    Some(query.split_once("collector=")?.1.to_owned())
}

#[component]
fn Lab() -> impl IntoView {
    view! {
        <main>
            <spawn::Spawn/>
            <action::TenByAction/>
            <resource::TenByResource/>
            <effect::TenByEffect/>
            <stopped::Stopped/>
            <mounted::Mount/>
            <leave::Leave/>
            <panic::Panic/>
            <slow::Slow/>
            <account::Account/>
        </main>
    }
}
