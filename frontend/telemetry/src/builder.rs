//! Setting up: one call before `mount`.

use std::cell::Cell;
use std::fmt;
use std::time::Duration;

use js_sys::Function;
use opentelemetry::{KeyValue, global};
use throughline_core::{names, pipeline};
use wasm_bindgen::JsCast;
use web_sys::{Url, Window};

use crate::export::{self, Credentials, Signal, Transport};
use crate::limits::{self, Limits};
use crate::sampler::{self, Sampler};
use crate::tracer::TracerProvider;
use crate::{consent, lifecycle, page, resource};

/// Begins the set-up of the browser client for the service of this name. See [`Builder::install`].
pub fn init(service_name: impl Into<String>) -> Builder {
    Builder::new(service_name.into())
}

/// What the browser client is set up with.
#[derive(Clone, Debug)]
#[must_use = "nothing happens before `install`"]
pub struct Builder {
    resource: Vec<KeyValue>,
    endpoint: String,
    headers: Vec<(String, String)>,
    credentials: Credentials,
    #[cfg(feature = "fetch")]
    propagate_to: Vec<String>,
    sampler: Sampler,
    limits: Limits,
    is_enabled: bool,
    #[cfg(feature = "errors")]
    errors: bool,
    #[cfg(feature = "errors")]
    max_errors: usize,
    pipeline: pipeline::Settings,
}

/// The installed client. Dropping it changes nothing: the client lives as long as the page.
#[derive(Clone, Copy)]
pub struct Telemetry(());

thread_local! {
    static INSTALLED: Cell<bool> = const { Cell::new(false) };
}

// === impl Builder ===

impl Builder {
    fn new(service_name: String) -> Self {
        let service_name = KeyValue::new(names::resource::SERVICE_NAME, service_name);
        Self {
            resource: vec![service_name],
            endpoint: String::new(),
            headers: Vec::new(),
            credentials: Credentials::default(),
            #[cfg(feature = "fetch")]
            propagate_to: Vec::new(),
            sampler: Sampler::ALWAYS_ON.parent_based(),
            limits: Limits::default(),
            is_enabled: true,
            #[cfg(feature = "errors")]
            errors: true,
            #[cfg(feature = "errors")]
            max_errors: crate::errors::MAX_ERRORS,
            pipeline: pipeline::Settings {
                max_batch_bytes: Some(export::MAX_BATCH_BYTES),
                ..pipeline::Settings::default()
            },
        }
    }

    /// The application's version: `service.version`.
    pub fn version(self, version: impl Into<String>) -> Self {
        self.attribute(names::resource::SERVICE_VERSION, version.into())
    }

    /// Where the application runs, such as `production`: `deployment.environment.name`.
    pub fn environment(self, name: impl Into<String>) -> Self {
        self.attribute(names::resource::DEPLOYMENT_ENVIRONMENT_NAME, name.into())
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
    /// to `OTEL_EXPORTER_OTLP_ENDPOINT`. Default: the page's own origin, which needs no CORS and no `connect-src`.
    pub fn endpoint(mut self, url: impl Into<String>) -> Self {
        self.endpoint = url.into();
        self
    }

    /// A header of every export, such as a key that the collector asks for. Whoever has the page has the key.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Whether exports carry cookies. Default: to the page's own origin.
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = credentials;
        self
    }

    /// Another origin that gets `traceparent`, `tracestate` and `baggage`, such as `https://api.example.com`. It must
    /// allow these headers by CORS. Default: the page's own origin only.
    #[cfg(feature = "fetch")]
    pub fn propagate_to(mut self, origin: impl Into<String>) -> Self {
        self.propagate_to.push(origin.into());
        self
    }

    /// Which traces are recorded. Default: all, and those that are continued as their parent says.
    pub fn sampler(mut self, sampler: Sampler) -> Self {
        self.sampler = sampler;
        self
    }

    /// How much one span or log record may hold.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Installs without recording, sending or storing anything before [`enable`](crate::enable): until the user has
    /// consented, say.
    pub fn disabled(mut self) -> Self {
        self.is_enabled = false;
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

    /// How long a span waits at most for others to travel with. Default: 5 s, that of the specification. A log record
    /// waits no longer than that, and 1 s at most.
    pub fn schedule_delay(mut self, delay: Duration) -> Self {
        self.pipeline.schedule_delay = delay;
        self
    }

    /// Exports each span by itself as soon as it ends, instead of in batches: the specification's simple processor,
    /// for tests and demonstrations.
    pub fn simple(mut self) -> Self {
        self.pipeline.max_export_batch_size = 1;
        self.pipeline.schedule_delay = Duration::ZERO;
        self
    }

    /// Sets everything up: the global tracer provider, the executor that carries contexts, the instrumentations, and the
    /// export. To be called once, before `mount`; a second call only warns in the console.
    ///
    /// Nothing in here panics or returns an error. What is not possible (a worker has no window, say) is told in the
    /// console.
    pub fn install(self) -> Telemetry {
        let telemetry = Telemetry(());
        let Some(window) = page::window() else {
            page::warn("there is no window to observe");
            return telemetry;
        };
        if INSTALLED.replace(true) {
            page::warn("install() was called a second time, which changes nothing");
            return telemetry;
        }
        match page::property(&window, "fetch").dyn_into() {
            Ok(fetch) => self.install_in(&window, &fetch),
            Err(_) => page::warn("there is no window.fetch to send with"),
        }
        telemetry
    }

    fn install_in(self, window: &Window, fetch: &Function) {
        let Some(endpoints) = endpoints(window, &self.endpoint) else {
            return page::warn("the endpoint is no address to send to");
        };
        consent::set(self.is_enabled);
        sampler::set(self.sampler);
        limits::set(self.limits);
        let [traces, logs, metrics] = &endpoints;
        #[cfg(feature = "fetch")]
        let settings = crate::fetch::Settings {
            endpoints: [traces, logs, metrics].map(crate::fetch::address).into(),
            propagate_to: self.propagate_to,
        };
        let transport = Transport {
            fetch: fetch.clone(),
            endpoints: [traces, logs, metrics].map(Url::href),
            headers: self.headers,
            credentials: self.credentials,
            timeout: self.pipeline.export_timeout,
        };
        let resource = resource::encode(window, self.resource);
        export::install(self.pipeline, transport, resource);
        global::set_tracer_provider(TracerProvider);
        #[cfg(feature = "propagator")]
        global::set_text_map_propagator(throughline_core::w3c::W3cPropagator::new());
        #[cfg(feature = "leptos")]
        crate::context::install();
        #[cfg(feature = "interaction")]
        crate::interaction::install(window);
        #[cfg(feature = "fetch")]
        crate::fetch::install(window, fetch, settings);
        #[cfg(feature = "errors")]
        if self.errors {
            crate::errors::install(window, self.max_errors);
        }
        lifecycle::install(window);
    }
}

/// The addresses of the three signals, in the order of [`Signal::ALL`].
fn endpoints(window: &Window, base: &str) -> Option<[Url; 3]> {
    let page = window.location().href().unwrap_or_default();
    let base = base.strip_suffix('/').unwrap_or(base);
    let [traces, logs, metrics] = Signal::ALL.map(|signal| {
        let mut url = base.to_owned();
        url.push_str(signal.path());
        Url::new_with_base(&url, &page).ok()
    });
    Some([traces?, logs?, metrics?])
}

// === impl Telemetry ===

impl fmt::Debug for Telemetry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Telemetry")
    }
}
