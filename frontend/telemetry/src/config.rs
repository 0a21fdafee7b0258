//! What can be configured: by the builder, by the page's `<meta>` tags, by JSON that the server put into the page. The
//! first of these to say something about a key has the word.

#[cfg(feature = "config")]
mod keys;
#[cfg(feature = "config")]
mod page;
#[cfg(all(test, feature = "config", target_arch = "wasm32"))]
mod tests;
#[cfg(feature = "config")]
mod value;

use throughline_core::pipeline;

#[cfg(feature = "config")]
pub(crate) use self::page::read;
use crate::export::{self, Credentials};
use crate::limits::Limits;
use crate::sampler::Sampler;
#[cfg(feature = "session")]
use crate::session::Session;

/// What is configured, the defaults where nobody has said anything.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// `None`: the page's own origin.
    pub(crate) endpoint: Option<String>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) credentials: Credentials,
    pub(crate) environment: Option<String>,
    pub(crate) version: Option<String>,
    pub(crate) sampler: Sampler,
    pub(crate) is_enabled: bool,
    pub(crate) pipeline: pipeline::Settings,
    pub(crate) limits: Limits,
    #[cfg(feature = "session")]
    pub(crate) session: Session,
    #[cfg(any(feature = "fetch", feature = "xhr"))]
    pub(crate) rules: crate::http::Settings,
    /// The keys about which something has been said, a bit for each, so that nobody else has a say.
    #[cfg(feature = "config")]
    said: u32,
}

/// What can be said in the page, too. `keys` has their names.
#[derive(Clone, Copy)]
pub(crate) enum Key {
    Endpoint,
    Headers,
    Credentials,
    Environment,
    Version,
    Enabled,
    Sampler,
    SamplerArg,
    #[cfg(any(feature = "fetch", feature = "xhr"))]
    PropagateTo,
    #[cfg(any(feature = "fetch", feature = "xhr"))]
    DoNotPropagateTo,
    #[cfg(any(feature = "fetch", feature = "xhr"))]
    Ignore,
    MaxQueueSize,
    MaxBatchSize,
    MaxAttributes,
    MaxAttributeValueBytes,
    MaxEvents,
    MaxLinks,
    MaxAttributesPerEvent,
    ScheduleDelayMs,
    ExportTimeoutMs,
    #[cfg(feature = "session")]
    SessionIdleMs,
    #[cfg(feature = "session")]
    SessionMaxDurationMs,
}

// === impl Config ===

impl Config {
    /// The builder has the last word about these keys.
    #[cfg(feature = "config")]
    pub(crate) fn said(&mut self, keys: &[Key]) {
        for key in keys {
            self.said |= 1 << *key as u32;
        }
    }

    #[cfg(feature = "config")]
    fn has_said(&self, key: Key) -> bool {
        self.said & 1 << key as u32 != 0
    }

    /// Nobody else has one.
    #[cfg(not(feature = "config"))]
    #[allow(clippy::unused_self, reason = "as with the feature")]
    pub(crate) fn said(&mut self, _: &[Key]) {}

    /// The settings of the pipelines.
    pub(crate) fn pipeline(&self) -> pipeline::Settings {
        let mut settings = self.pipeline;
        let max = settings.max_queue_size;
        settings.max_export_batch_size = settings.max_export_batch_size.min(max);
        settings
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            endpoint: None,
            headers: Vec::new(),
            credentials: Credentials::SameOrigin,
            environment: None,
            version: None,
            sampler: const { Sampler::ALWAYS_ON.parent_based() },
            is_enabled: true,
            pipeline: pipeline::Settings {
                max_batch_bytes: Some(export::MAX_BATCH_BYTES),
                ..pipeline::Settings::default()
            },
            limits: Limits::default(),
            #[cfg(feature = "session")]
            session: Session::default(),
            #[cfg(any(feature = "fetch", feature = "xhr"))]
            rules: Vec::new(),
            #[cfg(feature = "config")]
            said: 0,
        }
    }
}
