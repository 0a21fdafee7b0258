//! The keys: what each is called in the page, and what can be said about it. Every bound is here.

use super::Key;

/// A key as the page has it.
pub(super) struct Entry {
    pub(super) name: &'static str,
    pub(super) key: Key,
    pub(super) kind: Kind,
}

/// What can be said about a key.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// One of these words. Its place counts.
    Choice(&'static str),
    /// A number within these bounds. Where the key counts something, its fraction is left out.
    Number(u32, u32),
    Text,
    /// The address of a collector.
    Address,
    /// Names and values, in an object, that `fetch` accepts.
    Headers,
    /// Texts in an array, or in one text with commas between them.
    #[cfg(any(feature = "fetch", feature = "xhr"))]
    List,
}

#[cfg(feature = "session")]
const SAMPLERS: Kind = Kind::Choice("always_on, always_off, traceidratio, session");
#[cfg(not(feature = "session"))]
const SAMPLERS: Kind = Kind::Choice("always_on, always_off, traceidratio");

/// Attributes, events and links of a span, attributes of an event.
const COUNT: Kind = Kind::Number(0, 1_024);
/// A day: the longest session, and the longest pause in one.
#[cfg(feature = "session")]
const SESSION_MS: Kind = Kind::Number(1, 86_400_000);

pub(super) static KEYS: &[Entry] = &[
    of("endpoint", Key::Endpoint, Kind::Address),
    of("headers", Key::Headers, Kind::Headers),
    // As `Credentials` has them.
    of(
        "credentials",
        Key::Credentials,
        Kind::Choice("same-origin, include, omit"),
    ),
    of("environment", Key::Environment, Kind::Text),
    of("version", Key::Version, Kind::Text),
    of("enabled", Key::Enabled, Kind::Choice("false, true")),
    of("sampler", Key::Sampler, SAMPLERS),
    of("sampler_arg", Key::SamplerArg, Kind::Number(0, 1)),
    #[cfg(any(feature = "fetch", feature = "xhr"))]
    of("propagate_to", Key::PropagateTo, Kind::List),
    #[cfg(any(feature = "fetch", feature = "xhr"))]
    of("do_not_propagate_to", Key::DoNotPropagateTo, Kind::List),
    #[cfg(any(feature = "fetch", feature = "xhr"))]
    of("ignore", Key::Ignore, Kind::List),
    of("max_queue_size", Key::MaxQueueSize, Kind::Number(1, 65_536)),
    of("max_batch_size", Key::MaxBatchSize, Kind::Number(1, 8_192)),
    of("max_attributes", Key::MaxAttributes, COUNT),
    of(
        "max_attribute_value_bytes",
        Key::MaxAttributeValueBytes,
        Kind::Number(0, 65_536),
    ),
    of("max_events", Key::MaxEvents, COUNT),
    of("max_links", Key::MaxLinks, COUNT),
    of(
        "max_attributes_per_event",
        Key::MaxAttributesPerEvent,
        COUNT,
    ),
    // Ten minutes: the longest wait of a span for others.
    of(
        "schedule_delay_ms",
        Key::ScheduleDelayMs,
        Kind::Number(0, 600_000),
    ),
    // Five minutes: the longest export.
    of(
        "export_timeout_ms",
        Key::ExportTimeoutMs,
        Kind::Number(1, 300_000),
    ),
    #[cfg(feature = "session")]
    of("session_idle_ms", Key::SessionIdleMs, SESSION_MS),
    #[cfg(feature = "session")]
    of(
        "session_max_duration_ms",
        Key::SessionMaxDurationMs,
        SESSION_MS,
    ),
];

const fn of(name: &'static str, key: Key, kind: Kind) -> Entry {
    Entry { name, key, kind }
}

// === impl Kind ===

impl Kind {
    /// What a value is told to be none of, or not to be.
    pub(super) fn refusal(self) -> &'static str {
        match self {
            Self::Choice(words) => words,
            Self::Number(..) => "no number within the bounds",
            Self::Text => "no text of 1 to 2048 bytes",
            Self::Address => "no address of HTTP",
            Self::Headers => "no object of 32 headers at most",
            #[cfg(any(feature = "fetch", feature = "xhr"))]
            Self::List => "no list of 32 texts at most",
        }
    }
}
