#![doc = include_str!("../README.md")]
// `#[component]` makes the properties of a component as public as they can be.
#![allow(unreachable_pub)]

mod api;
mod app;
mod lock;
mod pages;
mod parts;
mod provider;
mod session;

use std::time::Duration;

/// A trace can be looked at soon after the click. The default of five seconds costs fewer requests.
const EXPORT_EVERY: Duration = Duration::from_secs(1);

/// Where the page runs: `DEPLOYMENT_ENVIRONMENT` when it is built, else that which the server has by default too.
const ENVIRONMENT: &str = match option_env!("DEPLOYMENT_ENVIRONMENT") {
    Some(name) => name,
    None => "development",
};

fn main() {
    console_error_panic_hook::set_once();
    throughline_browser::init("rag-admin-frontend")
        .version(env!("CARGO_PKG_VERSION"))
        .environment(ENVIRONMENT)
        .schedule_delay(EXPORT_EVERY)
        .install();
    leptos::mount::mount_to_body(app::App);
}
