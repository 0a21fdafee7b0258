//! Sessions: `session.id` on everything, the same in all tabs of the origin; and `user.id`, as long as somebody is signed
//! in.
//!
//! What a person does keeps a session alive, and so does the load of a page. What a page does by itself (a poll every
//! minute, say) does not: a tab left open overnight would be one session without an end that tells nothing of its user.
//!
//! The session is one small entry in `localStorage`, and that entry has the last word. So two tabs that begin at once
//! agree: the last writer has won, and the other hears of it by the event `storage`. Where there is no storage (it is
//! blocked, or full) the session is the page's own.

mod stored;

use std::cell::RefCell;
use std::time::Duration;

#[cfg(feature = "logs")]
use opentelemetry::KeyValue;
use throughline_core::names::session as names;
use wasm_bindgen::JsValue;
use web_sys::Window;

use self::stored::Stored;
use crate::otlp::{self, Attributes};
use crate::{clock, consent, ids, page};

/// The entry in `localStorage`.
const KEY: &str = "throughline.session";
/// What of a page or of a person is a sign of life.
const ACTIVITY: [&str; 5] = ["click", "keydown", "pointerdown", "wheel", "pageshow"];
/// Milliseconds between two looks at the storage, and two writes to it: activity comes in bursts.
const STORAGE_INTERVAL: u64 = 5_000;

/// How long a session lasts at most.
const MAX_DURATION: Duration = Duration::from_secs(4 * 60 * 60);
/// How long nobody does anything before it is over.
const IDLE: Duration = Duration::from_secs(15 * 60);

/// When a session ends. The next activity begins another.
///
/// ```
/// let mut session = throughline_browser::Session::default();
/// session.idle = std::time::Duration::from_secs(30 * 60);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Session {
    /// How long a session lasts at most. Default: 4 h.
    pub max_duration: Duration,
    /// How long nobody does anything in any tab before it is over. Default: 15 min.
    pub idle: Duration,
    /// Whether [`clear_user`] begins another. Default: yes, so that what the next one does at the same machine is not
    /// taken for the doing of the one who has signed out.
    pub ends_at_sign_out: bool,
}

struct State {
    /// `None` before `install`.
    limits: Option<Session>,
    current: Option<Stored>,
    /// When the storage was last looked at.
    stored_at: u64,
    user: Option<String>,
}

/// A session has begun, perhaps after another.
#[cfg_attr(
    not(feature = "logs"),
    expect(dead_code, reason = "told of in logs only")
)]
struct Begun {
    previous: Option<Stored>,
}

thread_local! {
    static STATE: RefCell<State> = const { RefCell::new(State::NONE) };
}

/// Names the user: `user.id` on every span and log record that begins from now on, in this tab, until [`clear_user`] or
/// the page's end. It is not stored: a page that is loaded says again who is signed in.
///
/// The application chooses what names its users. An opaque id says nothing to others; an e-mail address is personal
/// data wherever it is sent and stored.
pub fn set_user(id: impl Into<String>) {
    let id = id.into();
    state(|state| state.user = Some(id));
}

/// Forgets the user: to be called when they sign out. It begins another session too, see [`Session::ends_at_sign_out`].
pub fn clear_user() {
    let begun = state(|state| {
        state.user = None;
        state.limits.filter(|it| it.ends_at_sign_out)?;
        consent::is_given().then(|| state.begin(now()))
    });
    announce(begun.flatten());
}

/// Resumes the session of the other tabs, or begins one, and listens to the page. To be called before the interactions
/// listen: the click that begins a session belongs to it.
pub(crate) fn install(window: &Window, limits: Session) {
    state(|state| state.limits = Some(limits));
    if consent::is_given() {
        active();
    } else {
        forget();
    }
    for event in ACTIVITY {
        page::listen(window, event, |_| active());
    }
    page::listen(window, "storage", |event| {
        if page::property(&event, "key") == KEY && consent::is_given() {
            state(State::follow);
        }
    });
}

/// Somebody has done something.
pub(crate) fn active() {
    if consent::is_given() {
        announce(state(|state| state.active(now())).flatten());
    }
}

/// Consent is withdrawn: nothing is kept, here and in the storage. What is recorded after is another session.
pub(crate) fn forget() {
    state(|state| {
        state.current = None;
        if state.limits.is_some() {
            drop(page::call(
                &storage(),
                "removeItem",
                KEY,
                JsValue::UNDEFINED,
            ));
        }
    });
}

/// Whose session this is, and which user's.
pub(crate) fn set(attributes: &mut Attributes, max: usize) {
    state(|state| {
        if let Some(current) = &state.current {
            attributes.set(names::ID, &otlp::text(&current.id), max);
        }
        if let Some(user) = &state.user {
            attributes.set(names::USER_ID, &otlp::text(user), max);
        }
    });
}

/// The 56 random bits that all traces of this session share.
pub(crate) fn randomness() -> u64 {
    let randomness = state(|state| state.current.as_ref().map(Stored::randomness));
    randomness.flatten().unwrap_or_default()
}

/// Tells of a session that has begun, and of the one before. That one ended with the last that was done in it.
#[cfg(feature = "logs")]
fn announce(begun: Option<Begun>) {
    use crate::logs::{self, Record, severity};
    use throughline_core::names::scope;

    let Some(Begun { previous }) = begun else {
        return;
    };
    let mut start = Record {
        event_name: names::START,
        severity: severity::INFO,
        ..Record::default()
    };
    if let Some(previous) = previous {
        let end = Record {
            event_name: names::END,
            severity: severity::INFO,
            at: Some(previous.active.saturating_mul(1_000_000)),
            attributes: vec![KeyValue::new(names::ID, previous.id.clone())],
            ..Record::default()
        };
        logs::event(scope::SESSION, end);
        let previous = KeyValue::new(names::PREVIOUS_ID, previous.id);
        start.attributes.push(previous);
    }
    logs::event(scope::SESSION, start);
}

#[cfg(not(feature = "logs"))]
fn announce(_: Option<Begun>) {}

/// `localStorage`, or `undefined`: reading the property throws where storage is blocked.
fn storage() -> JsValue {
    page::property(&js_sys::global(), "localStorage")
}

fn stored() -> Option<Stored> {
    Stored::read(&page::text(&storage(), KEY)?)
}

/// By the time of day, which is the same in all tabs.
fn now() -> u64 {
    clock::date() / 1_000_000
}

fn state<T>(f: impl FnOnce(&mut State) -> T) -> Option<T> {
    STATE.with(|state| state.try_borrow_mut().ok().map(|mut it| f(&mut it)))
}

// === impl State ===

impl State {
    const NONE: Self = Self {
        limits: None,
        current: None,
        stored_at: 0,
        user: None,
    };

    fn active(&mut self, now: u64) -> Option<Begun> {
        let limits = self.limits?;
        if let Some(current) = &mut self.current
            && current.is_live(now, limits)
            && now.abs_diff(self.stored_at) < STORAGE_INTERVAL
        {
            current.active = now;
            return None;
        }
        let ours = self.current.take();
        // Another tab may have begun a session, or kept this one alive.
        let stored = stored();
        for known in [&stored, &ours].into_iter().flatten() {
            if known.is_live(now, limits) {
                let mut current = known.clone();
                current.active = now;
                self.keep(current, now);
                return None;
            }
        }
        self.current = stored.or(ours);
        Some(self.begin(now))
    }

    fn begin(&mut self, now: u64) -> Begun {
        let previous = self.current.take();
        self.keep(Stored::new(ids::uuid(), now), now);
        Begun { previous }
    }

    fn keep(&mut self, current: Stored, now: u64) {
        page::set(&storage(), KEY, current.write());
        self.stored_at = now;
        self.current = Some(current);
    }

    /// Another tab has written: what is stored counts, not what that tab has said.
    fn follow(&mut self) {
        if let Some(limits) = self.limits
            && let Some(stored) = stored()
            && stored.is_live(now(), limits)
        {
            self.current = Some(stored);
        }
    }
}

// === impl Session ===

impl Default for Session {
    fn default() -> Self {
        Self {
            max_duration: MAX_DURATION,
            idle: IDLE,
            ends_at_sign_out: true,
        }
    }
}
