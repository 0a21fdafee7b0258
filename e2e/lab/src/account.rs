//! What became of the spans, for a test to read at every moment.

use std::time::Duration;

use leptos::prelude::*;
use throughline_browser::ledger;

const EVERY: Duration = Duration::from_millis(50);

/// `created=7 exported=3 waiting=4 dropped=0 balances=true`.
#[component]
pub(crate) fn Account() -> impl IntoView {
    let text = RwSignal::new(String::new());
    set_interval(
        move || {
            let it = ledger();
            let (created, exported) = (it.created, it.exported);
            let (waiting, dropped) = (it.queued + it.exporting, it.dropped_total());
            let balances = it.balances();
            text.set(format!(
                "created={created} exported={exported} waiting={waiting} dropped={dropped} balances={balances}"
            ));
        },
        EVERY,
    );
    view! { <output id="account">{text}</output> }
}
