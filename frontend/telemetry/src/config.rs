//! What can be configured: by the builder, by the page's `<meta>` tags, by JSON that the server put into the page. The
//! first of these to say something about a key has the word.

#[cfg(feature = "config")]
mod page;
#[cfg(all(test, feature = "config", target_arch = "wasm32"))]
mod tests;
#[cfg(feature = "config")]
mod value;

use std::time::Duration;

use throughline_core::pipeline;

#[cfg(feature = "config")]
pub(crate) use self::page::read;
use crate::export::{self, Credentials};
use crate::limits::Limits;
use crate::sampler::Sampler;

/// What has been said so far. `None` is the default.
#[derive(Clone, Debug, Default)]
pub(crate) struct Config {
    pub(crate) endpoint: Option<String>,
    pub(crate) headers: Option<Vec<(String, String)>>,
    pub(crate) credentials: Option<Credentials>,
    pub(crate) environment: Option<String>,
    pub(crate) version: Option<String>,
    pub(crate) sampler: Option<Sampler>,
    pub(crate) enabled: Option<bool>,
    pub(crate) schedule_delay: Option<Duration>,
    pub(crate) export_timeout: Option<Duration>,
    pub(crate) max_queue_size: Option<usize>,
    pub(crate) max_batch_size: Option<usize>,
    pub(crate) limits: Option<Limits>,
    #[cfg(any(feature = "fetch", feature = "xhr"))]
    pub(crate) propagate_to: Option<Vec<String>>,
    #[cfg(any(feature = "fetch", feature = "xhr"))]
    pub(crate) do_not_propagate_to: Option<Vec<String>>,
    #[cfg(any(feature = "fetch", feature = "xhr"))]
    pub(crate) ignore: Option<Vec<String>>,
}

// === impl Config ===

impl Config {
    pub(crate) fn sampler(&self) -> Sampler {
        self.sampler
            .unwrap_or(const { Sampler::ALWAYS_ON.parent_based() })
    }

    /// The settings of the pipelines.
    pub(crate) fn pipeline(&self) -> pipeline::Settings {
        let default = pipeline::Settings::default();
        let max_queue_size = self.max_queue_size.unwrap_or(default.max_queue_size);
        let max_batch_size = self.max_batch_size.unwrap_or(default.max_export_batch_size);
        pipeline::Settings {
            max_queue_size,
            max_export_batch_size: max_batch_size.min(max_queue_size),
            max_batch_bytes: Some(export::MAX_BATCH_BYTES),
            schedule_delay: self.schedule_delay.unwrap_or(default.schedule_delay),
            export_timeout: self.export_timeout.unwrap_or(default.export_timeout),
            ..default
        }
    }
}
