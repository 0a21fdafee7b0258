//! The vitals of one visit: of a load, or of a return from the back/forward cache.

use throughline_core::names::{browser, scope};
use throughline_core::otlp::Any;
use wasm_bindgen::JsValue;

use super::inp::Longest;
use super::shifts::Shifts;
use super::vital::{Kind, Vital};
use crate::logs::{Record, severity};
use crate::performance::{self, number, text};
use crate::{consent, ids, page};

/// A visit; at first none.
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
    /// How the page came to be, as the `web-vitals` library says it.
    navigation_type: &'static str,
    /// Since when somebody sees the page, in milliseconds: later than 0 if it was rendered in advance, or came back.
    began: f64,
    /// What is painted later, in milliseconds, nobody has waited for.
    first_hidden: f64,
    /// When the largest so far was painted, as LCP has it; no number before.
    largest_painted: f64,
    /// What is painted now is not because of the visit.
    lcp_is_final: bool,
    /// The [`consent::epoch`] that it began in; `None` without consent.
    consent: Option<u32>,
}

/// What the vitals are called, and the bounds of what is good and of what is not yet poor (web.dev/articles/vitals).
const LCP: &Kind = &Kind::new("lcp", 2500.0, 4000.0);
const INP: &Kind = &Kind::new("inp", 200.0, 500.0);
const CLS: &Kind = &Kind::new("cls", 0.1, 0.25);
const FCP: &Kind = &Kind::new("fcp", 1800.0, 3000.0);
const TTFB: &Kind = &Kind::new("ttfb", 800.0, 1800.0);

// === impl Vitals ===

impl Vitals {
    pub(super) const NONE: Self = Self {
        lcp: Vital::new(LCP),
        inp: Vital::new(INP),
        cls: Vital::new(CLS),
        fcp: Vital::new(FCP),
        ttfb: Vital::new(TTFB),
        shifts: Shifts::NEW,
        longest: Longest::NEW,
        interactions_before: 0.0,
        navigation_type: "back-forward-cache",
        began: 0.0,
        first_hidden: f64::INFINITY,
        largest_painted: f64::NAN,
        lcp_is_final: false,
        consent: None,
    };

    /// A visit begins, which is told of if there is consent.
    pub(super) fn begin(&mut self) {
        *self = Self::NONE;
        self.consent = consent::is_given().then(consent::epoch);
    }

    /// What happens without consent is nobody's to tell; so nothing is told of a visit which is without it for a while.
    pub(super) fn is_given_consent(&self) -> bool {
        consent::is_given() && self.consent == Some(consent::epoch())
    }

    /// It is of the load of the document.
    pub(super) fn loaded(&mut self, navigation: &JsValue) {
        self.began = number(navigation, "activationStart");
        self.navigation_type = navigation_type(navigation, self.began);
        self.first_hidden = first_hidden(self.began);
        let answered = number(navigation, "responseStart");
        // Browsers have had it negative, or in the future.
        if answered > 0.0 && answered < performance::now() {
            self.ttfb.value = self.since_began(answered);
            self.report();
        }
    }

    /// It is of a page that was there already, since this event.
    pub(super) fn restored(&mut self, shown: &JsValue) {
        self.began = number(shown, "timeStamp");
        self.interactions_before = interactions();
        self.lcp_is_final = true;
        self.ttfb.value = 0.0;
        self.report();
    }

    /// The page was painted after it came back.
    pub(super) fn painted_again(&mut self, _: &JsValue) {
        self.fcp.value = self.since_began(performance::now());
        self.lcp.value = self.fcp.value;
        self.report();
    }

    /// The browser has measured something.
    pub(super) fn see(&mut self, entry: &JsValue) {
        let start = number(entry, "startTime");
        let is_awaited = start < self.first_hidden;
        match text(entry, "entryType").as_str() {
            "paint" => {
                if is_awaited && text(entry, "name") == "first-contentful-paint" {
                    self.fcp.value = self.since_began(start);
                    self.report();
                }
            }
            "largest-contentful-paint" => {
                if is_awaited {
                    self.largest_painted = self.since_began(start);
                }
            }
            "layout-shift" => {
                // Not because of an input.
                if !page::is(entry, "hadRecentInput") {
                    self.shifts.shifted(start, number(entry, "value"));
                }
            }
            // An event has been handled and its answer painted; the first input among them.
            _ => {
                let id = number(entry, "interactionId");
                self.longest.see(id, number(entry, "duration"));
            }
        }
    }

    /// The page is hidden.
    pub(super) fn hidden(&mut self, entry: &JsValue) {
        self.first_hidden = self.first_hidden.min(performance::now());
        // As in the Chrome UX Report: nothing has shifted where nothing was painted.
        if self.fcp.is_known() {
            self.cls.value = self.shifts.largest();
        }
        let count = interactions() - self.interactions_before;
        if let Some(millis) = self.longest.percentile(count) {
            self.inp.value = millis;
        }
        self.finish_lcp(entry);
    }

    /// What is painted from now on has another cause.
    pub(super) fn finish_lcp(&mut self, _: &JsValue) {
        if !self.lcp_is_final {
            self.lcp_is_final = true;
            self.lcp.value = self.largest_painted;
        }
        self.report();
    }

    fn since_began(&self, millis: f64) -> f64 {
        (millis - self.began).max(0.0)
    }

    /// Tells what has changed.
    #[inline(never)]
    fn report(&mut self) {
        for vital in [
            &mut self.ttfb,
            &mut self.fcp,
            &mut self.lcp,
            &mut self.cls,
            &mut self.inp,
        ] {
            if let Some(delta) = vital.report() {
                tell(vital, delta, self.navigation_type);
            }
        }
    }
}

fn tell(vital: &mut Vital, delta: f64, navigation_type: &str) {
    if vital.id.is_empty() {
        vital.id = ids::uuid();
    }
    let mut event = Record::new(browser::WEB_VITAL, severity::INFO);
    event.set_text(browser::WEB_VITAL_ID, &vital.id);
    event.set_text(browser::WEB_VITAL_NAME, vital.kind.name);
    event.set_text(browser::WEB_VITAL_RATING, vital.kind.rating(vital.value));
    event.set_text(browser::WEB_VITAL_NAVIGATION_TYPE, navigation_type);
    event.set(browser::WEB_VITAL_VALUE, &Any::Double(vital.value));
    event.set(browser::WEB_VITAL_DELTA, &Any::Double(delta));
    #[cfg(feature = "document-load")]
    let span = crate::document::span_context();
    #[cfg(not(feature = "document-load"))]
    let span = opentelemetry::trace::SpanContext::NONE;
    event.span = Some(span);
    event.send_as(scope::WEB_VITALS);
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
