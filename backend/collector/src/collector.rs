//! The collector: a store, and the ways into and out of it.

use std::sync::Arc;

use axum::Router;
use tokio::sync::Semaphore;

use crate::{
    Access, BrowserSettings, OpenError, OtlpSettings, Settings, StoreExporter,
    otlp::{self, PERMIT_BYTES},
    store::Store,
    viewer,
};

/// An embedded OpenTelemetry collector with its trace store. Clones share one store.
#[derive(Debug, Clone)]
pub struct Collector {
    store: Store,
    memory: Memory,
    browser_memory: Memory,
}

/// The budget for request bodies in memory, and how much it is.
#[derive(Debug, Clone)]
struct Memory {
    budget: Arc<Semaphore>,
    bytes: usize,
}

impl Collector {
    /// Opens the store, and makes it where there is none. Blocks for as long as that takes: milliseconds.
    ///
    /// # Errors
    /// The folder cannot be written, another process uses it, or another version wrote it.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "settings are made for one collector"
    )]
    pub fn open(settings: Settings) -> Result<Self, OpenError> {
        let store = Store::open(&settings)?;
        Ok(Self {
            store,
            memory: Memory::new(settings.max_in_flight_bytes),
            browser_memory: Memory::new(settings.max_browser_in_flight_bytes),
        })
    }

    /// An exporter that writes the spans of this process straight into the store. An export succeeds when it is durable.
    pub fn exporter(&self) -> StoreExporter {
        StoreExporter::new(self.store.clone())
    }

    /// The OTLP/HTTP receiver for programs (`POST /v1/traces`; protobuf or JSON, gzip or not), for a listener that
    /// strangers cannot reach.
    pub fn otlp(&self, mut settings: OtlpSettings) -> Router {
        settings.max_body_bytes = self.memory.cap(settings.max_body_bytes);
        otlp::http::programs(
            self.store.clone(),
            Arc::clone(&self.memory.budget),
            settings,
        )
    }

    /// The same for browsers, for the application's own port: posts of the same origin only, of allowed services only,
    /// at a bounded rate and size, into a share of the store of their own. The rate is counted by address where the
    /// server is started with `into_make_service_with_connect_info::<SocketAddr>()`, else for all together. Behind a proxy
    /// all come from one address: there, give this router a layer that puts the client's into the request's
    /// [`ConnectInfo<SocketAddr>`](axum::extract::ConnectInfo).
    pub fn otlp_browser(&self, mut settings: BrowserSettings) -> Router {
        settings.max_body_bytes = self.browser_memory.cap(settings.max_body_bytes);
        otlp::http::browsers(
            self.store.clone(),
            Arc::clone(&self.browser_memory.budget),
            settings,
        )
    }

    /// The pages of the viewer at `/telemetry/`, and its API at `/telemetry/api/`. See [`Access`] for who may see them.
    ///
    /// To be merged, not nested: the pages know their address, and a nested router cannot answer `/telemetry/` with its
    /// slash.
    pub fn viewer(&self, access: Access) -> Router {
        viewer::router(self.store.clone(), access)
    }

    /// Takes nothing more, and returns when all that was taken is written. What comes later gets 503.
    pub async fn close(&self) {
        self.store.close().await;
    }
}

impl Memory {
    fn new(bytes: usize) -> Self {
        let permits = bytes.div_ceil(PERMIT_BYTES).min(Semaphore::MAX_PERMITS);
        Self {
            budget: Arc::new(Semaphore::new(permits)),
            bytes,
        }
    }

    /// A body that can never fit is too large; "come again" would be wrong for ever.
    fn cap(&self, max_body_bytes: usize) -> usize {
        max_body_bytes.min(self.bytes)
    }
}
