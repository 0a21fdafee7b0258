//! A page for the rules of context. Each button makes ten fetches one after the other, by the way that its name says;
//! each fetch says in its URL which click caused it, so that the tests can compare that with the trace it is in.

#![allow(
    unreachable_pub,
    reason = "what #[component] makes of a function is `pub`"
)]

mod action;
mod click;
mod effect;
mod leave;
mod mounted;
mod panic;
mod resource;
mod spawn;
mod stopped;

use leptos::prelude::*;

fn main() {
    console_error_panic_hook::set_once();
    throughline_browser::init("throughline-lab")
        .version(env!("CARGO_PKG_VERSION"))
        .install();
    leptos::mount::mount_to_body(Lab);
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
        </main>
    }
}
