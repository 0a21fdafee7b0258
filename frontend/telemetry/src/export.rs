//! The way out: the core's pipeline, driven by the browser's timers.

pub(crate) mod keepalive;
pub(crate) mod otlp;
mod transport;

use std::cell::RefCell;
use std::rc::Rc;

use prost::Message;
use prost::bytes::Bytes;
use throughline_core::pipeline::{Batch, Ledger, Next, Outcome, Pipeline, Pushed, Settings};

use self::otlp::{ExportTraceServiceRequest, ResourceSpans, ScopeSpans};
pub(crate) use self::transport::Transport;
use self::transport::{Request, is_late};
use crate::clock;
use crate::page::{self, Timer};

/// Bytes of spans in one request. With the resource it takes half of the quota of keepalive: the other half is for the
/// application, and for what is left when the page goes.
pub(crate) const MAX_BATCH_BYTES: usize = keepalive::MAX_BYTES / 2 - ENVELOPE_BYTES;
/// What a request holds beside spans: the resource, scopes, lengths.
const ENVELOPE_BYTES: usize = 6 * 1024;
/// What a span takes beside its own bytes: its tag and length.
const SPAN_ENVELOPE_BYTES: usize = 6;

/// A span that has ended, encoded, with the scope that made it.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) scope: Bytes,
    pub(crate) span: Bytes,
}

struct Exporter {
    pipeline: Pipeline<Item>,
    transport: Rc<Transport>,
    resource: Bytes,
    timer: Timer,
    is_failing: bool,
}

thread_local! {
    static EXPORTER: RefCell<Option<Exporter>> = const { RefCell::new(None) };
}

/// From now on spans are exported.
pub(crate) fn install(settings: Settings, transport: Transport, resource: Bytes) {
    let exporter = Exporter {
        pipeline: Pipeline::new_sized(settings, |item| item.span.len() + SPAN_ENVELOPE_BYTES),
        transport: Rc::new(transport),
        resource,
        timer: Timer::new(on_time),
        is_failing: false,
    };
    EXPORTER.with(|slot| {
        slot.try_borrow_mut()
            .map(|mut slot| slot.replace(exporter))
            .is_ok()
    });
}

/// Takes a span that has ended.
pub(crate) fn record(item: Item) {
    let pushed = exporter(|it| it.pipeline.push(item, clock::monotonic()));
    if pushed == Some(Pushed::Wake) {
        drive();
    }
}

/// What became of every span so far.
pub(crate) fn ledger() -> Ledger {
    exporter(|it| it.pipeline.ledger()).unwrap_or_default()
}

/// Sends what waits, without waiting for more.
pub(crate) fn flush() {
    exporter(|it| it.pipeline.flush(clock::monotonic()));
    drive();
}

/// Sends all that waits before it returns: nobody may live to see the answer.
pub(crate) fn send_all() {
    while let Some((batch, transport, body)) = exporter(Exporter::drain).flatten() {
        let request = transport.send(&body);
        wasm_bindgen_futures::spawn_local(async move {
            let outcome = settle(request, &transport, &body).await;
            complete(&batch, outcome);
        });
    }
}

/// Does what the pipeline says there is to do.
fn drive() {
    while let Some(next) = exporter(|it| it.pipeline.poll(clock::monotonic(), page::random())) {
        match next {
            Next::Export(batch) => {
                // In a microtask: a span may end anywhere, and sending runs code of the page.
                wasm_bindgen_futures::spawn_local(send(batch));
            }
            Next::Wait(at) => {
                exporter(|it| it.timer.set(at, clock::monotonic()));
                return;
            }
            Next::Done => return,
        }
    }
}

async fn send(batch: Batch<Item>) {
    let Some((transport, body)) =
        exporter(|it| (Rc::clone(&it.transport), it.request(&batch.items)))
    else {
        return;
    };
    let request = transport.send(&body);
    let outcome = settle(request, &transport, &body).await;
    complete(&batch, outcome);
}

/// The outcome of a request. One that was refused with keepalive has a second chance without: the quota is the whole
/// page's, and the application may have used it up. One that was not answered in time may have arrived.
async fn settle(
    request: Result<Request, wasm_bindgen::JsValue>,
    transport: &Transport,
    body: &[u8],
) -> Outcome {
    let had_keepalive = request.as_ref().is_ok_and(Request::has_keepalive);
    let mut outcome = match request {
        Ok(request) => request.outcome().await,
        Err(error) => Err(error),
    };
    let refused = outcome.as_ref().is_err_and(|error| !is_late(error));
    if refused && had_keepalive {
        outcome = match transport.send_with(body, None) {
            Ok(request) => request.outcome().await,
            Err(error) => Err(error),
        };
    }
    outcome.unwrap_or(Outcome::Retry { after: None })
}

fn complete(batch: &Batch<Item>, outcome: Outcome) {
    if exporter(|it| it.is_news(outcome)) == Some(true) {
        match outcome {
            Outcome::Exported { rejected } => {
                page::warn(&format!("{rejected} spans were rejected"));
            }
            Outcome::Dropped(reason) => {
                let count = batch.items.len();
                page::warn(&format!("{count} spans were dropped: {reason}"));
            }
            Outcome::Retry { .. } => {}
        }
    }
    exporter(|it| {
        it.pipeline
            .complete(batch.id, outcome, clock::monotonic(), page::random());
    });
    drive();
}

fn on_time() {
    exporter(|it| it.timer.fired());
    drive();
}

fn exporter<T>(f: impl FnOnce(&mut Exporter) -> T) -> Option<T> {
    // `try_with`: a span may be dropped with the thread.
    EXPORTER
        .try_with(|slot| slot.try_borrow_mut().ok()?.as_mut().map(f))
        .ok()
        .flatten()
}

// === impl Exporter ===

impl Exporter {
    /// Whether the developer is to be told of this: of the first of several failures in a row. The ledger has them all.
    fn is_news(&mut self, outcome: Outcome) -> bool {
        let failing = match outcome {
            Outcome::Exported { rejected } => rejected > 0,
            Outcome::Dropped(_) => true,
            Outcome::Retry { .. } => return false,
        };
        let was_failing = std::mem::replace(&mut self.is_failing, failing);
        failing && !was_failing
    }

    /// A batch that takes what is left of the keepalive quota, or else one as large, to be sent without.
    fn drain(&mut self) -> Option<(Batch<Item>, Rc<Transport>, Vec<u8>)> {
        let left = match keepalive::available() {
            few if few < 2 * ENVELOPE_BYTES => keepalive::MAX_BYTES,
            left => left,
        };
        let max_bytes = left - ENVELOPE_BYTES;
        let batch = self
            .pipeline
            .drain(usize::MAX, max_bytes, clock::monotonic())?;
        let body = self.request(&batch.items);
        Some((batch, Rc::clone(&self.transport), body))
    }

    /// The request for these spans, grouped by scope.
    fn request(&self, items: &[Item]) -> Vec<u8> {
        let mut scope_spans: Vec<ScopeSpans> = Vec::new();
        for Item { scope, span } in items {
            match scope_spans.iter_mut().find(|it| it.scope == *scope) {
                Some(same) => same.spans.push(span.clone()),
                None => scope_spans.push(ScopeSpans {
                    scope: scope.clone(),
                    spans: vec![span.clone()],
                }),
            }
        }
        let resource_spans = vec![ResourceSpans {
            resource: self.resource.clone(),
            scope_spans,
        }];
        ExportTraceServiceRequest { resource_spans }.encode_to_vec()
    }
}
