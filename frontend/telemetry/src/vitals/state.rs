//! The vitals of one visit: of a load, or of a return from the back/forward cache.

use opentelemetry::trace::SpanContext;
use throughline_core::names::{browser, scope};
use wasm_bindgen::JsValue;

use super::inp::Longest;
use super::shifts::Shifts;
use super::vital::Vital;
use crate::logs::{Record, severity};
use crate::otlp::Any;
use crate::page;
use crate::performance::{self, number, text};
use crate::{consent, ids};

pub(super) struct Vitals {
    /// In the order of [`Name`].
    all: [Vital; 5],
    shifts: Shifts,
    longest: Longest,
    /// Interactions that were before it.
    interactions_before: f64,
    /// How the page came to be, as the `web-vitals` library says it.
    navigation_type: &'static str,
    /// Since when somebody sees the page, in milliseconds: later than 0 if it was rendered in advance.
    activated: f64,
    /// What is painted later, in milliseconds, nobody has waited for.
    first_hidden: f64,
    lcp_is_final: bool,
    /// The [`consent::epoch`] that it began in.
    consent: u32,
}

#[derive(Clone, Copy)]
enum Name {
    Lcp,
    Inp,
    Cls,
    Fcp,
    Ttfb,
}

// === impl Vitals ===

impl Vitals {
    const NEW: Self = Self {
        all: [
            Vital::new("lcp", 2500.0, 4000.0),
            Vital::new("inp", 200.0, 500.0),
            Vital::new("cls", 0.1, 0.25),
            Vital::new("fcp", 1800.0, 3000.0),
            Vital::new("ttfb", 800.0, 1800.0),
        ],
        shifts: Shifts::NEW,
        longest: Longest::NEW,
        interactions_before: 0.0,
        navigation_type: "back-forward-cache",
        activated: 0.0,
        first_hidden: f64::INFINITY,
        lcp_is_final: false,
        consent: 0,
    };

    /// What happens without consent is nobody's to tell; so nothing is told of a visit which is without it for a while.
    pub(super) fn is_given_consent(&self) -> bool {
        consent::is_given() && self.consent == consent::epoch()
    }

    /// Of the load of the document.
    pub(super) fn of_navigation() -> Self {
        let entry = performance::navigation();
        let mut vitals = Self::NEW;
        vitals.consent = consent::epoch();
        vitals.activated = number(&entry, "activationStart");
        vitals.navigation_type = navigation_type(&entry, vitals.activated);
        vitals.first_hidden = first_hidden(vitals.activated);
        let answered = number(&entry, "responseStart");
        // Browsers have had it negative, or in the future.
        if answered > 0.0 && answered < performance::now() {
            vitals.set(Name::Ttfb, (answered - vitals.activated).max(0.0));
            vitals.report(Name::Ttfb);
        }
        vitals
    }

    /// Of a page that was there already.
    pub(super) fn restored() -> Self {
        let mut vitals = Self::NEW;
        vitals.consent = consent::epoch();
        vitals.interactions_before = interactions();
        vitals.lcp_is_final = true;
        vitals.set(Name::Ttfb, 0.0);
        vitals.report(Name::Ttfb);
        vitals
    }

    /// The page was painted so many milliseconds after it came back.
    pub(super) fn painted_again(&mut self, millis: f64) {
        for name in [Name::Fcp, Name::Lcp] {
            self.set(name, millis);
            self.report(name);
        }
    }

    /// Something has moved, and not because of an input.
    pub(super) fn shifted(&mut self, entry: &JsValue) {
        if !page::is(entry, "hadRecentInput") {
            let start = number(entry, "startTime");
            self.shifts.shifted(start, number(entry, "value"));
        }
    }

    /// What is the largest so far was painted.
    pub(super) fn painted_largest(&mut self, entry: &JsValue) {
        if !self.lcp_is_final {
            self.painted(Name::Lcp, entry);
        }
    }

    /// Something was painted for the first time.
    pub(super) fn painted_first(&mut self, entry: &JsValue) {
        if text(entry, "name") == "first-contentful-paint" {
            self.painted(Name::Fcp, entry);
            self.report(Name::Fcp);
        }
    }

    /// An event has been handled and its answer painted; the first input among them.
    pub(super) fn answered(&mut self, entry: &JsValue) {
        let id = number(entry, "interactionId");
        self.longest.see(id, number(entry, "duration"));
    }

    fn painted(&mut self, name: Name, entry: &JsValue) {
        let start = number(entry, "startTime");
        if start < self.first_hidden {
            self.set(name, (start - self.activated).max(0.0));
        }
    }

    /// The page is hidden since then, in milliseconds.
    pub(super) fn hidden(&mut self, at: f64) {
        self.first_hidden = self.first_hidden.min(at);
        self.finish_lcp();
        // As in the Chrome UX Report: nothing has shifted where nothing was painted.
        if self
            .all
            .get(Name::Fcp as usize)
            .is_some_and(Vital::is_known)
        {
            self.set(Name::Cls, self.shifts.largest());
            self.report(Name::Cls);
        }
        let count = interactions() - self.interactions_before;
        if let Some(millis) = self.longest.percentile(count) {
            self.set(Name::Inp, millis);
            self.report(Name::Inp);
        }
    }

    /// What is painted from now on has another cause.
    pub(super) fn finish_lcp(&mut self) {
        self.lcp_is_final = true;
        self.report(Name::Lcp);
    }

    fn set(&mut self, name: Name, value: f64) {
        if let Some(vital) = self.all.get_mut(name as usize) {
            vital.set(value);
        }
    }

    fn report(&mut self, name: Name) {
        let Some(vital) = self.all.get_mut(name as usize) else {
            return;
        };
        let Some(report) = vital.report() else { return };
        if vital.id.is_empty() {
            vital.id = ids::uuid();
        }
        let mut event = Record::new(browser::WEB_VITAL, severity::INFO);
        for (key, value) in [
            (browser::WEB_VITAL_ID, Any::Text(&vital.id)),
            (browser::WEB_VITAL_NAME, Any::Text(vital.name)),
            (browser::WEB_VITAL_RATING, Any::Text(report.rating)),
            (
                browser::WEB_VITAL_NAVIGATION_TYPE,
                Any::Text(self.navigation_type),
            ),
            (browser::WEB_VITAL_VALUE, Any::Double(report.value)),
            (browser::WEB_VITAL_DELTA, Any::Double(report.delta)),
        ] {
            event.set(key, &value);
        }
        event.span = Some(document_span());
        event.send_as(scope::WEB_VITALS);
    }
}

fn navigation_type(entry: &JsValue, activated: f64) -> &'static str {
    let was_discarded = page::is(&page::global("document"), "wasDiscarded");
    match text(entry, "type").as_str() {
        _ if activated > 0.0 => "prerender",
        _ if was_discarded => "restore",
        "back_forward" => "back-forward",
        "reload" => "reload",
        _ => "navigate",
    }
}

/// When the page was first hidden, in milliseconds. A page that is hidden now was so from the start, if the browser does
/// not know better.
fn first_hidden(activated: f64) -> f64 {
    let states = performance::entries("visibility-state");
    let hidden = page::find(&states, &mut |state| {
        number(state, "startTime") >= activated && text(state, "name") == "hidden"
    });
    if !hidden.is_undefined() {
        number(&hidden, "startTime")
    } else if page::is_hidden() {
        0.0
    } else {
        f64::INFINITY
    }
}

/// How many interactions there have been. Where the browser does not count them, the longest counts as the percentile.
fn interactions() -> f64 {
    number(&page::global("performance"), "interactionCount")
}

#[cfg(feature = "document-load")]
fn document_span() -> SpanContext {
    crate::document::span_context()
}

#[cfg(not(feature = "document-load"))]
fn document_span() -> SpanContext {
    SpanContext::NONE
}
