//! The vitals of one visit: of a load, or of a return from the back/forward cache.

use opentelemetry::KeyValue;
use opentelemetry::trace::SpanContext;
use throughline_core::names::{browser, scope};
use wasm_bindgen::JsValue;

use super::inp::Longest;
use super::shifts::Shifts;
use super::vital::Vital;
use crate::ids;
use crate::logs::{self, Record, severity};
use crate::page::{self, property};
use crate::performance::{self, number, text};

pub(super) struct Vitals {
    lcp: Vital,
    inp: Vital,
    cls: Vital,
    fcp: Vital,
    ttfb: Vital,
    shifts: Shifts,
    longest: Longest,
    /// Interactions that were before it.
    interactions_before: f64,
    navigation_type: String,
    /// Since when somebody sees the page, in milliseconds: later than 0 if it was rendered in advance.
    activated: f64,
    /// What is painted later, in milliseconds, nobody has waited for.
    first_hidden: f64,
    lcp_is_final: bool,
}

// === impl Vitals ===

impl Vitals {
    fn new(navigation_type: String) -> Self {
        Self {
            lcp: Vital::new("lcp", 2500.0, 4000.0),
            inp: Vital::new("inp", 200.0, 500.0),
            cls: Vital::new("cls", 0.1, 0.25),
            fcp: Vital::new("fcp", 1800.0, 3000.0),
            ttfb: Vital::new("ttfb", 800.0, 1800.0),
            shifts: Shifts::default(),
            longest: Longest::default(),
            interactions_before: 0.0,
            navigation_type,
            activated: 0.0,
            first_hidden: f64::INFINITY,
            lcp_is_final: false,
        }
    }

    /// Of the load of the document.
    pub(super) fn of_navigation() -> Self {
        let entry = performance::navigation();
        let activated = number(&entry, "activationStart");
        let mut vitals = Self::new(navigation_type(&entry, activated));
        vitals.activated = activated;
        vitals.first_hidden = first_hidden(activated);
        let answered = number(&entry, "responseStart");
        // Browsers have had it negative, or in the future.
        if answered > 0.0 && answered < performance::now() {
            vitals.ttfb.value = Some((answered - activated).max(0.0));
            vitals.report(|it| &mut it.ttfb);
        }
        vitals
    }

    /// Of a page that was there already.
    pub(super) fn restored() -> Self {
        let mut vitals = Self::new("back-forward-cache".to_owned());
        vitals.interactions_before = interactions();
        vitals.lcp_is_final = true;
        vitals.ttfb.value = Some(0.0);
        vitals.report(|it| &mut it.ttfb);
        vitals
    }

    /// The page was painted so many milliseconds after it came back.
    pub(super) fn painted_again(&mut self, millis: f64) {
        self.fcp.value = Some(millis);
        self.lcp.value = Some(millis);
        self.report(|it| &mut it.fcp);
        self.report(|it| &mut it.lcp);
    }

    /// Something was measured.
    pub(super) fn see(&mut self, entry: &JsValue) {
        let start = number(entry, "startTime");
        let is_seen = start < self.first_hidden;
        let after = Some((start - self.activated).max(0.0));
        match text(entry, "entryType").as_str() {
            "layout-shift" => {
                if !property(entry, "hadRecentInput").is_truthy() {
                    self.shifts.shifted(start, number(entry, "value"));
                }
            }
            "largest-contentful-paint" => {
                if is_seen && !self.lcp_is_final {
                    self.lcp.value = after;
                }
            }
            "paint" => {
                if is_seen && text(entry, "name") == "first-contentful-paint" {
                    self.fcp.value = after;
                    self.report(|it| &mut it.fcp);
                }
            }
            // Events, the first input among them.
            _ => {
                let id = number(entry, "interactionId");
                self.longest.see(id, number(entry, "duration"));
            }
        }
    }

    /// The page is hidden since then, in milliseconds.
    pub(super) fn hidden(&mut self, at: f64) {
        self.first_hidden = self.first_hidden.min(at);
        self.finish_lcp();
        // As in the Chrome UX Report: nothing has shifted where nothing was painted.
        if self.fcp.value.is_some() {
            self.cls.value = Some(self.shifts.largest());
            self.report(|it| &mut it.cls);
        }
        self.inp.value = self
            .longest
            .percentile(interactions() - self.interactions_before);
        self.report(|it| &mut it.inp);
    }

    /// What is painted from now on has another cause.
    pub(super) fn finish_lcp(&mut self) {
        self.lcp_is_final = true;
        self.report(|it| &mut it.lcp);
    }

    fn report(&mut self, vital: fn(&mut Self) -> &mut Vital) {
        let navigation_type = self.navigation_type.clone();
        let vital = vital(self);
        let Some(report) = vital.report() else { return };
        if vital.id.is_empty() {
            vital.id = ids::uuid();
        }
        let attributes = vec![
            KeyValue::new(browser::WEB_VITAL_NAME, vital.name),
            KeyValue::new(browser::WEB_VITAL_VALUE, report.value),
            KeyValue::new(browser::WEB_VITAL_DELTA, report.delta),
            KeyValue::new(browser::WEB_VITAL_ID, vital.id.clone()),
            KeyValue::new(browser::WEB_VITAL_RATING, report.rating),
            KeyValue::new(browser::WEB_VITAL_NAVIGATION_TYPE, navigation_type),
        ];
        let event = Record {
            event_name: browser::WEB_VITAL,
            severity: severity::INFO,
            attributes,
            span: Some(document_span()),
            ..Record::default()
        };
        logs::event(scope::WEB_VITALS, event);
    }
}

/// How the page came to be, as the `web-vitals` library says it.
fn navigation_type(entry: &JsValue, activated: f64) -> String {
    let document = page::window().and_then(|window| window.document());
    let was_discarded = document.is_some_and(|it| property(&it, "wasDiscarded").is_truthy());
    match text(entry, "type").as_str() {
        _ if activated > 0.0 => "prerender",
        _ if was_discarded => "restore",
        "back_forward" => "back-forward",
        "reload" => "reload",
        _ => "navigate",
    }
    .to_owned()
}

/// When the page was first hidden, in milliseconds. A page that is hidden now was so from the start, if the browser does
/// not know better.
fn first_hidden(activated: f64) -> f64 {
    let states = performance::entries("visibility-state");
    for index in 0..states.length() {
        let state = states.get(index);
        let at = number(&state, "startTime");
        if at >= activated && text(&state, "name") == "hidden" {
            return at;
        }
    }
    if page::is_hidden() {
        0.0
    } else {
        f64::INFINITY
    }
}

/// How many interactions there have been. Where the browser does not count them, the longest counts as the percentile.
fn interactions() -> f64 {
    let performance = page::window().and_then(|window| window.performance());
    performance.map_or(0.0, |it| number(&it, "interactionCount"))
}

#[cfg(feature = "document-load")]
fn document_span() -> SpanContext {
    crate::document::span_context().unwrap_or(SpanContext::NONE)
}

#[cfg(not(feature = "document-load"))]
fn document_span() -> SpanContext {
    SpanContext::NONE
}
