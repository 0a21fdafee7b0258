//! On a server that renders the page: the client is linked there too, and the page's code calls it.
#![cfg(not(target_arch = "wasm32"))]

use futures::executor::block_on;
use throughline_browser::{Ledger, bind, traced};

#[test]
fn the_code_of_a_page_may_run_on_a_server_where_the_client_does_nothing() {
    let _telemetry = throughline_browser::init("page").install();
    assert_eq!(block_on(traced(async |id: u32| id + 1)(1)), 2);
    assert_eq!(bind(|id: u32| id + 1)(1), 2);
    throughline_browser::disable();
    throughline_browser::enable();
    assert!(throughline_browser::is_enabled());
    throughline_browser::flush();
    assert_eq!(throughline_browser::ledger(), Ledger::default());
    assert_eq!(throughline_browser::last_trace_id(), None);
}

#[cfg(feature = "leptos")]
#[test]
fn a_traced_source_is_its_source() {
    assert_eq!(throughline_browser::traced_source(|| 1)(), 1);
}

#[cfg(feature = "session")]
#[test]
fn a_user_may_be_named() {
    throughline_browser::set_user("7");
    throughline_browser::clear_user();
}

#[cfg(feature = "errors")]
#[test]
fn an_error_may_be_recorded() {
    throughline_browser::record_error(&std::fmt::Error);
}
