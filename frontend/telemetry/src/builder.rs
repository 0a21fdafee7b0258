//! What the client is set up with: one call before `mount`. `set_up` does it.

mod set_up;

use std::fmt;
use std::time::Duration;

use opentelemetry::KeyValue;
use throughline_core::names;

use crate::config::{Config, Key};
use crate::export::Credentials;
#[cfg(any(feature = "fetch", feature = "xhr"))]
use crate::http::Propagation;
use crate::limits::Limits;
use crate::page;
use crate::sampler::Sampler;
#[cfg(feature = "session")]
use crate::session::Session;

/// Begins the set-up of the browser client for the service of this name. See [`Builder::install`].
pub fn init(service_name: impl Into<String>) -> Builder {
    Builder::new(service_name.into())
}

/// What the browser client is set up with.
#[derive(Clone, Debug)]
#[must_use = "nothing happens before `install`"]
pub struct Builder {
    resource: Vec<KeyValue>,
    config: Config,
    #[cfg(feature = "interaction")]
    interaction: bool,
    #[cfg(feature = "interaction")]
    interaction_settings: crate::interaction::Settings,
    #[cfg(feature = "fetch")]
    fetch: bool,
    #[cfg(feature = "xhr")]
    xhr: bool,
    #[cfg(feature = "document-load")]
    document_load: bool,
    #[cfg(feature = "navigation")]
    navigation: bool,
    #[cfg(feature = "web-vitals")]
    web_vitals: bool,
    #[cfg(feature = "long-animation-frames")]
    long_animation_frames: bool,
    #[cfg(feature = "errors")]
    errors: bool,
    #[cfg(feature = "errors")]
    max_errors: usize,
    #[cfg(feature = "metrics")]
    metric_interval: Duration,
    #[cfg(feature = "offline")]
    max_stored_bytes: u64,
}

/// The installed client. Dropping it changes nothing: the client lives as long as the page.
#[derive(Clone, Copy)]
pub struct Telemetry(());

// === impl Builder ===

impl Builder {
    fn new(service_name: String) -> Self {
        let service_name = KeyValue::new(names::resource::SERVICE_NAME, service_name);
        Self {
            resource: vec![service_name],
            config: Config::default(),
            #[cfg(feature = "interaction")]
            interaction: true,
            #[cfg(feature = "interaction")]
            interaction_settings: crate::interaction::Settings::default(),
            #[cfg(feature = "fetch")]
            fetch: true,
            #[cfg(feature = "xhr")]
            xhr: true,
            #[cfg(feature = "document-load")]
            document_load: true,
            #[cfg(feature = "navigation")]
            navigation: true,
            #[cfg(feature = "web-vitals")]
            web_vitals: true,
            #[cfg(feature = "long-animation-frames")]
            long_animation_frames: true,
            #[cfg(feature = "errors")]
            errors: true,
            #[cfg(feature = "errors")]
            max_errors: crate::errors::MAX_ERRORS,
            #[cfg(feature = "metrics")]
            metric_interval: crate::metrics::INTERVAL,
            #[cfg(feature = "offline")]
            max_stored_bytes: crate::export::offline::MAX_STORED_BYTES,
        }
    }

    /// The application's version: `service.version`.
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.config.version = Some(version.into());
        self.config.said(&[Key::Version]);
        self
    }

    /// Where the application runs, such as `production`: `deployment.environment.name`.
    pub fn environment(mut self, name: impl Into<String>) -> Self {
        self.config.environment = Some(name.into());
        self.config.said(&[Key::Environment]);
        self
    }

    /// Any other attribute of the resource.
    pub fn attribute(
        mut self,
        key: impl Into<opentelemetry::Key>,
        value: impl Into<opentelemetry::Value>,
    ) -> Self {
        self.resource.push(KeyValue::new(key, value));
        self
    }

    /// The collector, by OTLP/HTTP in protobuf: `/v1/traces`, `/v1/logs` and `/v1/metrics` are added to this address, as
    /// to `OTEL_EXPORTER_OTLP_ENDPOINT`. Default: the page's own origin, which needs no CORS and no `connect-src`. A
    /// relative address is read as the browser reads those of the page.
    pub fn endpoint(mut self, url: impl Into<String>) -> Self {
        self.config.endpoint = Some(url.into());
        self.config.said(&[Key::Endpoint]);
        self
    }

    /// A header of every export, such as a key that the collector asks for. Whoever has the page has the key.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.config.headers.push((name.into(), value.into()));
        self.config.said(&[Key::Headers]);
        self
    }

    /// Whether exports carry cookies. Default: to the page's own origin.
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.config.credentials = credentials;
        self.config.said(&[Key::Credentials]);
        self
    }

    /// Another origin that gets `traceparent`, `tracestate` and `baggage`, such as `https://api.example.com`. It must
    /// allow these headers by CORS. Default: the page's own origin only.
    ///
    /// Headers follow a redirection, to whatever origin. So the page's own origin gets no `baggage` with a request that
    /// follows redirections, unless it is named here too: then it, and whom it redirects to, may have it.
    #[cfg(any(feature = "fetch", feature = "xhr"))]
    pub fn propagate_to(self, origin: impl Into<String>) -> Self {
        self.rule(
            Key::PropagateTo,
            Propagation::TraceAndBaggage,
            &origin.into(),
        )
    }

    /// Requests that are traced, but carry no header of ours: to this address, or to all that begin so (see
    /// [`ignore`](Self::ignore)). Such as those that are redirected to another origin, which would have to allow the
    /// headers by CORS: `/downloads/*`.
    #[cfg(any(feature = "fetch", feature = "xhr"))]
    pub fn do_not_propagate_to(self, address: impl Into<String>) -> Self {
        self.rule(Key::DoNotPropagateTo, Propagation::Nothing, &address.into())
    }

    /// Requests that are not traced: to this address, its query included, or to all that begin with what is before a
    /// final `*`. Relative to the page: `/healthz`, `/assets/*`, `https://ads.example.com/*`.
    ///
    /// A `*` anywhere else stands for nothing, and an origin is always a whole one: `https://ads*` is told in the console,
    /// and left out.
    #[cfg(any(feature = "fetch", feature = "xhr"))]
    pub fn ignore(self, address: impl Into<String>) -> Self {
        self.rule(Key::Ignore, Propagation::Untraced, &address.into())
    }

    #[cfg(any(feature = "fetch", feature = "xhr"))]
    fn rule(mut self, key: Key, propagation: Propagation, address: &str) -> Self {
        crate::http::add_rule(&mut self.config.rules, propagation, address);
        self.config.said(&[key]);
        self
    }

    /// Which traces are recorded. Default: all, and those that are continued as their parent says.
    pub fn sampler(mut self, sampler: Sampler) -> Self {
        self.config.sampler = sampler;
        self.config.said(&[Key::Sampler, Key::SamplerArg]);
        self
    }

    /// How much one span or log record may hold.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.config.limits = limits;
        self.config.said(&[
            Key::MaxAttributes,
            Key::MaxAttributeValueBytes,
            Key::MaxEvents,
            Key::MaxLinks,
            Key::MaxAttributesPerEvent,
        ]);
        self
    }

    /// When a session ends. Default: after 4 h, and after 15 min in which nobody did anything.
    #[cfg(feature = "session")]
    pub fn session(mut self, session: Session) -> Self {
        self.config.session = session;
        self.config
            .said(&[Key::SessionIdleMs, Key::SessionMaxDurationMs]);
        self
    }

    /// Whether each click, each form sent by Enter and each choice has a root span. Default: yes.
    #[cfg(feature = "interaction")]
    pub fn interaction(mut self, interaction: bool) -> Self {
        self.interaction = interaction;
        self
    }

    /// Whether requests by `fetch` are traced, and carry their context. Default: yes.
    #[cfg(feature = "fetch")]
    pub fn fetch(mut self, fetch: bool) -> Self {
        self.fetch = fetch;
        self
    }

    /// Whether requests by `XMLHttpRequest` are traced, and carry their context. Default: yes.
    #[cfg(feature = "xhr")]
    pub fn xhr(mut self, xhr: bool) -> Self {
        self.xhr = xhr;
        self
    }

    /// Whether what is written on a control (64 bytes of it at most) may be its name, if it has no `data-trace`, `id`,
    /// `name` or `aria-label`. What is typed never is. Default: no, since a page may show what is nobody's business.
    #[cfg(feature = "interaction")]
    pub fn interaction_text(mut self, is_wanted: bool) -> Self {
        self.interaction_settings = crate::interaction::Settings::with_text(is_wanted);
        self
    }

    /// Whether the load of the document is traced, and what was loaded with it. Default: yes.
    #[cfg(feature = "document-load")]
    pub fn document_load(mut self, document_load: bool) -> Self {
        self.document_load = document_load;
        self
    }

    /// Whether navigations within the document are traced. Default: yes.
    #[cfg(feature = "navigation")]
    pub fn navigation(mut self, navigation: bool) -> Self {
        self.navigation = navigation;
        self
    }

    /// Whether web vitals are told of, as `browser.web_vital` events. Default: yes.
    #[cfg(feature = "web-vitals")]
    pub fn web_vitals(mut self, web_vitals: bool) -> Self {
        self.web_vitals = web_vitals;
        self
    }

    /// Whether frames of 50 ms and more are told of, as `browser.long_animation_frame` events. Default: yes.
    #[cfg(feature = "long-animation-frames")]
    pub fn long_animation_frames(mut self, long_animation_frames: bool) -> Self {
        self.long_animation_frames = long_animation_frames;
        self
    }

    /// Whether panics, uncaught exceptions and unhandled rejections are recorded, as `exception` logs. Default: yes.
    #[cfg(feature = "errors")]
    pub fn errors(mut self, errors: bool) -> Self {
        self.errors = errors;
        self
    }

    /// How many exceptions one page tells of, beside its panics; of one that happens again and again only the 1st, 2nd,
    /// 4th, 8th … count. Default: 100.
    #[cfg(feature = "errors")]
    pub fn max_errors(mut self, max: usize) -> Self {
        self.max_errors = max;
        self
    }

    /// How often metrics are collected and sent, beside when the page is hidden and by [`flush`](crate::flush). Default:
    /// 60 s, that of the specification (`OTEL_METRIC_EXPORT_INTERVAL`). At least 1 s.
    #[cfg(feature = "metrics")]
    pub fn metric_interval(mut self, interval: Duration) -> Self {
        self.metric_interval = interval;
        self
    }

    /// Bytes of telemetry that are kept in the browser while the collector cannot be reached. Default: 5 MiB; 0 keeps
    /// nothing. The oldest is dropped for what is new.
    #[cfg(feature = "offline")]
    pub fn max_stored_bytes(mut self, bytes: u64) -> Self {
        self.max_stored_bytes = bytes;
        self
    }

    /// Installs without recording, sending or storing anything before [`enable`](crate::enable): until the user has
    /// consented, say.
    pub fn disabled(mut self) -> Self {
        self.config.is_enabled = false;
        self.config.said(&[Key::Enabled]);
        self
    }

    /// How long a span waits at most for others to travel with. Default: 5 s, that of the specification.
    pub fn schedule_delay(mut self, delay: Duration) -> Self {
        self.config.pipeline.schedule_delay = delay;
        self.config.said(&[Key::ScheduleDelayMs]);
        self
    }

    /// How long one export may take. Default: 30 s, that of the specification.
    pub fn export_timeout(mut self, timeout: Duration) -> Self {
        self.config.pipeline.export_timeout = timeout;
        self.config.said(&[Key::ExportTimeoutMs]);
        self
    }

    /// How many items of each signal are held at most, waiting and on their way; a further one is dropped and counted.
    /// Default: 2048, that of the specification.
    pub fn max_queue_size(mut self, items: usize) -> Self {
        self.config.pipeline.max_queue_size = items;
        self.config.said(&[Key::MaxQueueSize]);
        self
    }

    /// How many items one request holds at most. Default: 512, that of the specification.
    pub fn max_batch_size(mut self, items: usize) -> Self {
        self.config.pipeline.max_export_batch_size = items;
        self.config.said(&[Key::MaxBatchSize]);
        self
    }

    /// Exports each span by itself as soon as it ends, instead of in batches: the specification's simple processor,
    /// for tests and demonstrations.
    pub fn simple(self) -> Self {
        self.max_batch_size(1).schedule_delay(Duration::ZERO)
    }

    /// Sets everything up: the global tracer provider, the executor that carries contexts, the instrumentations, and the
    /// export. To be called once, before `mount`; a second call only warns in the console.
    ///
    /// Nothing in here panics or returns an error. What is not possible (a worker has no window, say) is told in the
    /// console.
    pub fn install(self) -> Telemetry {
        if let Err(why) = set_up::run(self) {
            page::warn(why);
        }
        Telemetry(())
    }
}

// === impl Telemetry ===

impl fmt::Debug for Telemetry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Telemetry")
    }
}
