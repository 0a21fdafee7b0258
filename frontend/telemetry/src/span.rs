//! A span. What is said of it is encoded at once, in the bytes that are exported.

use std::borrow::Cow;
use std::time::SystemTime;

use opentelemetry::KeyValue;
use opentelemetry::trace::{self, SpanContext, Status};
use throughline_core::otlp::{Any, Recording};
#[cfg(feature = "resource-timing")]
use throughline_core::otlp::{Attributes, Max, SPAN_ATTRIBUTES};

use crate::clock::{self, Anchor};
use crate::consent;
use crate::export::{self, Item, Scope, Signal};
use crate::interaction::roots;
use crate::limits;

/// One operation. It ends when [`end`](trace::Span::end) is called, or when it is dropped.
pub(crate) struct Span {
    context: SpanContext,
    /// `None` once it has ended, or if it was never to be recorded.
    open: Option<Open>,
}

/// A span that is recorded, until it ends.
pub(crate) struct Open {
    pub(crate) recording: Recording,
    pub(crate) scope: Scope,
    pub(crate) anchor: Anchor,
    /// The [`consent::epoch`] that it was started in.
    pub(crate) consent: u32,
}

/// A span that has ended, and is not recorded yet.
#[cfg(feature = "resource-timing")]
pub(crate) struct Ended {
    item: Item,
    /// For further attributes.
    room: Max,
}

// === impl Span ===

impl Span {
    pub(crate) fn open(context: SpanContext, open: Open) -> Self {
        Self {
            context,
            open: Some(open),
        }
    }

    /// A span that only carries a context on.
    pub(crate) fn silent(context: SpanContext) -> Self {
        Self {
            context,
            open: None,
        }
    }

    /// Sets an attribute without the API's `KeyValue`, for our own instrumentations.
    #[inline(never)]
    pub(crate) fn set(&mut self, key: &str, value: &Any<'_>) {
        if let Some(Open { recording, .. }) = &mut self.open {
            recording
                .attributes
                .set(key, value, limits::get().attributes);
        }
    }

    #[inline(never)]
    pub(crate) fn set_text(&mut self, key: &str, text: &str) {
        self.set(key, &Any::Text(text));
    }

    #[inline(never)]
    fn end_at(&mut self, at: Option<SystemTime>) {
        if let Some(open) = &self.open {
            let now = clock::monotonic_nanos();
            let end = clock::at(at, open.anchor.unix_nanos(now));
            self.finish(end, now);
        }
    }

    /// Ends it at this time in nanoseconds since 1970, but not before its start.
    #[inline(never)]
    #[allow(dead_code, reason = "for the load of the document")]
    pub(crate) fn end_nanos(&mut self, end: u64) {
        self.finish(end, clock::monotonic_nanos());
    }

    fn finish(&mut self, end: u64, now: u64) {
        if let Some(item) = self.complete(end, now) {
            export::record(Signal::Traces, item, now);
        }
    }

    /// Ends it now, for whoever still has something to add before it is recorded.
    #[cfg(feature = "resource-timing")]
    pub(crate) fn end_apart(&mut self) -> Option<Ended> {
        let now = clock::monotonic_nanos();
        let Open {
            recording, anchor, ..
        } = self.open.as_ref()?;
        let end = anchor.unix_nanos(now);
        let max = limits::get().attributes;
        let room = Max {
            count: recording.attributes.room(max.count),
            ..max
        };
        self.complete(end, now).map(|item| Ended { item, room })
    }

    /// What is to be recorded of it.
    fn complete(&mut self, end: u64, now: u64) -> Option<Item> {
        let open = self.open.as_mut()?;
        let end = end.max(open.recording.start);
        let context = &self.context;
        let at = open.anchor.unix_nanos(now);
        roots::span_ended(context.trace_id(), context.span_id(), end, at);
        let mut item = None;
        if open.consent == consent::epoch() {
            item = Some(Item {
                scope: Scope::clone(&open.scope),
                message: open.recording.complete(context, end, limits::get()),
            });
        } else {
            export::refuse(Signal::Traces);
        }
        self.open = None;
        item
    }

    fn event(&mut self, name: &str, at: Option<SystemTime>, attributes: &[KeyValue]) {
        if let Some(open) = &mut self.open {
            open.push_event(name, at, attributes, 0);
        }
    }
}

impl trace::Span for Span {
    fn add_event<T: Into<Cow<'static, str>>>(&mut self, name: T, attributes: Vec<KeyValue>) {
        self.event(&name.into(), None, &attributes);
    }

    fn add_event_with_timestamp<T: Into<Cow<'static, str>>>(
        &mut self,
        name: T,
        timestamp: SystemTime,
        attributes: Vec<KeyValue>,
    ) {
        self.event(&name.into(), Some(timestamp), &attributes);
    }

    fn span_context(&self) -> &SpanContext {
        &self.context
    }

    fn is_recording(&self) -> bool {
        self.open.is_some()
    }

    fn set_attribute(&mut self, attribute: KeyValue) {
        self.set(attribute.key.as_str(), &Any::from(&attribute.value));
    }

    fn set_status(&mut self, status: Status) {
        if let Some(open) = &mut self.open {
            open.recording.set_status(status);
        }
    }

    fn update_name<T: Into<Cow<'static, str>>>(&mut self, new_name: T) {
        if let Some(open) = &mut self.open {
            open.recording.name = new_name.into();
        }
    }

    fn add_link(&mut self, span_context: SpanContext, attributes: Vec<KeyValue>) {
        if let Some(Open { recording, .. }) = &mut self.open {
            recording.push_link(&span_context, &attributes, 0, limits::get());
        }
    }

    fn end(&mut self) {
        self.end_at(None);
    }

    fn end_with_timestamp(&mut self, timestamp: SystemTime) {
        self.end_at(Some(timestamp));
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        self.end_at(None);
    }
}

impl std::fmt::Debug for Span {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Span")
    }
}

// === impl Open ===

impl Open {
    #[inline(never)]
    pub(crate) fn push_event(
        &mut self,
        name: &str,
        at: Option<SystemTime>,
        attributes: &[KeyValue],
        already_dropped: u32,
    ) {
        let at = clock::at(at, self.anchor.now());
        let limits = limits::get();
        self.recording
            .push_event(name, at, attributes, already_dropped, limits);
    }
}

// === impl Ended ===

#[cfg(feature = "resource-timing")]
impl Ended {
    /// Sets attributes: `set` is told how many there may be. Those that it has already are not looked for.
    pub(crate) fn set(&mut self, set: impl FnOnce(&mut Attributes, Max)) {
        let mut more = Attributes::of_field(SPAN_ATTRIBUTES, export::USUAL_BYTES);
        set(&mut more, self.room);
        self.item.message.append(more.message.as_bytes());
    }

    pub(crate) fn into_item(self) -> Item {
        self.item
    }
}
