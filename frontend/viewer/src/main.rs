//! The trace viewer's page: see the library of this crate for what can be tested without a browser.

#![allow(
    unreachable_pub,
    reason = "the component macro of Leptos writes `pub` itself"
)]

mod ui;

fn main() {
    console_error_panic_hook::set_once();
    leptos::mount::mount_to_body(ui::App);
}
