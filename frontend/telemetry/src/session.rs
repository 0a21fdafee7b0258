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

use throughline_core::names::session as names;
use throughline_core::otlp::{Any, Attributes, Max};
use wasm_bindgen::JsValue;
use web_sys::Window;

use self::stored::{Limits, Stored};
use crate::{clock, consent, ids, page};

/// The entry in `localStorage`.
const KEY: &str = "throughline.session";
/// What of a page or of a person is a sign of life.
const ACTIVITY: [&str; 5] = ["click", "keydown", "pointerdown", "wheel", "pageshow"];
/// Milliseconds between two writes to the storage: activity comes in bursts.
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
    limits: Option<Limits>,
    ends_at_sign_out: bool,
    current: Option<Stored>,
    /// When it was last stored.
    stored_at: u64,
    user: Option<String>,
    /// What [`set`] said last: every span repeats it, until something is different.
    said: Attributes,
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
///
/// What was recorded before keeps its `user.id`, and is still sent: what waits in memory, and with the feature `offline`
/// what is stored in the browser until the collector can be reached. `clear_stored` removes the latter;
/// [`disable`](crate::disable) drops both, and forgets the session. `user.id` itself is never stored but in such records.
pub fn clear_user() {
    let begun = state(|state| {
        state.user = None;
        (state.ends_at_sign_out && consent::is_given()).then(|| state.begin(now()))
    });
    announce(begun.flatten());
}

/// Resumes the session of the other tabs, or begins one, and listens to the page. To be called before the interactions
/// listen: the click that begins a session belongs to it.
pub(crate) fn install(window: &Window, session: Session) {
    state(|state| {
        state.limits = Some(Limits::of(session));
        state.ends_at_sign_out = session.ends_at_sign_out;
    });
    active();
    for event in ACTIVITY {
        page::listen(window, event, |_| active());
    }
    // Another tab may have written. What is stored counts, not what that tab has said.
    page::listen(window, "storage", |_| {
        if consent::is_given() {
            state(|state| state.follow(now()));
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
    state(|state| state.current = None);
    if page::IS_BROWSER {
        drop(page::call(
            &storage(),
            "removeItem",
            KEY,
            JsValue::UNDEFINED,
        ));
    }
}

/// Whose session this is, and which user's: the first attributes of all.
pub(crate) fn set(attributes: &mut Attributes, max: Max) {
    with(|state| {
        if state.said.field != attributes.field {
            state.say(attributes.field, max);
        }
        attributes.repeat(&state.said);
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
    use crate::logs::{Record, severity};
    use throughline_core::names::scope;

    let Some(Begun { previous }) = begun else {
        return;
    };
    let mut start = Record::new(names::START, severity::INFO);
    if let Some(previous) = previous {
        let id = Any::Text(&previous.id);
        let mut end = Record::new(names::END, severity::INFO);
        end.at = Some(previous.active.saturating_mul(1_000_000));
        end.set(names::ID, &id);
        end.send_as(scope::SESSION);
        start.set(names::PREVIOUS_ID, &id);
    }
    start.send_as(scope::SESSION);
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

/// For what may change what is said.
fn state<T>(f: impl FnOnce(&mut State) -> T) -> Option<T> {
    with(|state| {
        state.said.field = 0;
        f(state)
    })
}

fn with<T>(f: impl FnOnce(&mut State) -> T) -> Option<T> {
    STATE.with(|state| state.try_borrow_mut().ok().map(|mut it| f(&mut it)))
}

// === impl State ===

impl State {
    const NONE: Self = Self {
        limits: None,
        ends_at_sign_out: false,
        current: None,
        stored_at: 0,
        user: None,
        said: Attributes::NONE,
    };

    #[inline(never)]
    fn say(&mut self, field: u8, max: Max) {
        self.said = Attributes::of_field(field, 0);
        if let Some(current) = &self.current {
            self.said.set(names::ID, &Any::Text(&current.id), max);
        }
        if let Some(user) = &self.user {
            self.said.set(names::USER_ID, &Any::Text(user), max);
        }
    }

    fn active(&mut self, now: u64) -> Option<Begun> {
        let limits = self.follow(now)?;
        match &mut self.current {
            Some(current) if current.is_live(now, limits) => {
                current.active = now;
                if now.abs_diff(self.stored_at) >= STORAGE_INTERVAL {
                    self.store(now);
                }
                None
            }
            _ => Some(self.begin(now)),
        }
    }

    /// Another tab may have begun a session, or kept this one alive.
    #[inline(never)]
    fn follow(&mut self, now: u64) -> Option<Limits> {
        let limits = self.limits?;
        if let Some(stored) = stored()
            && (self.current.is_none() || stored.is_live(now, limits))
        {
            self.current = Some(stored);
        }
        Some(limits)
    }

    #[inline(never)]
    fn begin(&mut self, now: u64) -> Begun {
        let previous = self.current.replace(Stored::new(ids::uuid(), now));
        self.store(now);
        Begun { previous }
    }

    fn store(&mut self, now: u64) {
        if let Some(current) = &self.current {
            page::set(&storage(), KEY, current.write());
        }
        self.stored_at = now;
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
