//! What a click is to the tests: its number, the trace that it began, and the fetches that follow from it.

use std::cell::Cell;

use gloo_net::http::Request;

const AWAITS: usize = 10;

/// One click of the person.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Click {
    number: usize,
    trace: String,
}

impl Click {
    /// To be called first thing in a handler: the click that the handler handles.
    pub(crate) fn now() -> Self {
        thread_local!(static CLICKS: Cell<usize> = const { Cell::new(0) });
        let trace = throughline_browser::last_trace_id();
        Self {
            number: CLICKS.replace(CLICKS.get() + 1),
            trace: trace.map(|it| it.to_string()).unwrap_or_default(),
        }
    }

    /// Ten fetches, one after the other.
    pub(crate) async fn ten_fetches(self, via: &str) {
        for step in 0..AWAITS {
            self.fetch(via, step).await;
        }
    }

    /// One fetch, to the end of its body.
    pub(crate) async fn fetch(&self, via: &str, step: usize) {
        let Self { number, trace } = self;
        let url = format!("/echo?click={number}&trace={trace}&via={via}&step={step}");
        let response = Request::get(&url)
            .send()
            .await
            .expect("the lab's server answers");
        response.text().await.expect("with text");
    }
}
