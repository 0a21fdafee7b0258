//! Setting up: one call before `mount`.

use std::cell::Cell;
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use js_sys::Function;
use opentelemetry::{KeyValue, global};
use throughline_core::{names, pipeline, w3c::W3cPropagator};
use wasm_bindgen::JsCast;
use web_sys::{Url, Window};

use crate::export::{self, Transport};
use crate::tracer::TracerProvider;
#[cfg(feature = "xhr")]
use crate::xhr;
use crate::{context, fetch, http, interaction, lifecycle, page, resource};

/// Begins the set-up of the browser client for the service of this name. See [`Builder::install`].
pub fn init(service_name: impl Into<String>) -> Builder {
    Builder {
        resource: vec![KeyValue::new(
            names::resource::SERVICE_NAME,
            service_name.into(),
        )],
        endpoint: "/v1/traces".to_owned(),
        propagate_to: Vec::new(),
        ignore: Vec::new(),
        pipeline: pipeline::Settings {
            max_batch_bytes: Some(export::MAX_BATCH_BYTES),
            ..pipeline::Settings::default()
        },
    }
}

/// What the browser client is set up with.
#[derive(Clone, Debug)]
#[must_use = "nothing happens before `install`"]
pub struct Builder {
    resource: Vec<KeyValue>,
    endpoint: String,
    propagate_to: Vec<String>,
    ignore: Vec<String>,
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

    /// Where spans are sent, by OTLP/HTTP in protobuf. Default: `/v1/traces` of the page's own origin, which needs no
    /// CORS and no `connect-src`.
    pub fn endpoint(mut self, url: impl Into<String>) -> Self {
        self.endpoint = url.into();
        self
    }

    /// Another origin that gets `traceparent`, `tracestate` and `baggage`, such as `https://api.example.com`; a path
    /// after it does not matter. It must allow these headers by CORS. Default: the page's own origin only.
    pub fn propagate_to(mut self, origin: impl Into<String>) -> Self {
        self.propagate_to.push(origin.into());
        self
    }

    /// Requests that are not traced: to this address, its query included, or to all that begin with what is before a
    /// final `*`. Relative to the page: `/healthz`, `/assets/*`, `https://ads.example.com/*`.
    pub fn ignore(mut self, address: impl Into<String>) -> Self {
        self.ignore.push(address.into());
        self
    }

    /// How long a span waits at most for others to travel with. Default: 5 s, that of the specification.
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

    /// Sets everything up: the global tracer provider and propagator, the executor that carries contexts, interactions,
    /// `fetch`, and the export. To be called once, before `mount`; a second call only warns in the console.
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
        let base = window.location().href().unwrap_or_default();
        let Ok(endpoint) = Url::new_with_base(&self.endpoint, &base) else {
            let endpoint = self.endpoint;
            return page::warn(&format!("`{endpoint}` is no address to send spans to"));
        };
        let transport = Transport {
            fetch: fetch.clone(),
            endpoint: endpoint.href(),
            timeout: self.pipeline.export_timeout,
        };
        export::install(self.pipeline, transport, resource::encode(self.resource));
        global::set_tracer_provider(TracerProvider);
        global::set_text_map_propagator(W3cPropagator::new());
        context::install();
        interaction::install(window);
        let settings = http::Settings {
            endpoints: vec![endpoint.href()],
            propagate_to: self.propagate_to,
            ignore: self.ignore,
        };
        let rules = Rc::new(http::Rules::new(window, &settings));
        fetch::install(window, &rules);
        #[cfg(feature = "xhr")]
        xhr::install(window, &rules);
        lifecycle::install(window);
    }
}

// === impl Telemetry ===

impl fmt::Debug for Telemetry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Telemetry")
    }
}
