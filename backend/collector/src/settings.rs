//! Every limit of the collector, with its name and its default.

use std::{fmt, path::PathBuf, time::Duration};

/// Where the collector keeps its data and how much of everything it takes.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The application's data folder. The store is `telemetry/traces.db` in it.
    pub data_dir: PathBuf,
    /// Bytes that traces from servers may take on disk; beyond it the oldest are deleted. 1 GiB.
    pub max_store_bytes: u64,
    /// Bytes that traces from browsers may take on disk: a share of their own, so that a stranger with a browser cannot
    /// push out what the servers sent. 256 MiB.
    pub max_browser_bytes: u64,
    /// Requests that may wait for the disk; one more is answered with 503. 1024.
    pub max_queued_requests: usize,
    /// Bytes of decompressed request bodies in memory at one time; beyond it the answer is 503. 256 MiB.
    pub max_in_flight_bytes: usize,
    /// The same for browsers, a share of their own: strangers who send slowly cannot keep the servers out. 64 MiB.
    pub max_browser_in_flight_bytes: usize,
}

/// The OTLP receiver for programs, meant for a listener that strangers cannot reach, or with a key.
#[derive(Clone)]
pub struct OtlpSettings {
    /// The largest body after decompression; larger is 413. 64 MiB, as the OTLP specification recommends.
    pub max_body_bytes: usize,
    /// How long a client may take to send its body; longer is 408. 30 s.
    pub body_timeout: Duration,
    /// What a client must send as `Authorization: Bearer …`; others get 401. `None`, the default, is for loopback only.
    pub key: Option<String>,
}

/// The OTLP receiver for browsers, on the application's own port, where anybody can post.
#[derive(Debug, Clone)]
pub struct BrowserSettings {
    /// The largest body after decompression; larger is 413. 1 MiB.
    pub max_body_bytes: usize,
    /// How long a client may take to send its body; longer is 408. 30 s.
    pub body_timeout: Duration,
    /// The values of `service.name` that a browser may use. Spans of all others are rejected, so that a stranger cannot
    /// write spans in the name of a server. Empty, the default, takes none.
    pub services: Vec<String>,
    /// Origins (`https://example.com`) that may post besides the page's own.
    pub trusted_origins: Vec<String>,
    /// Requests that one client address may send at once. 100.
    pub burst: u32,
    /// Requests a second that one client address may send in the long run. 20.
    pub requests_per_second: u32,
}

impl Settings {
    /// The defaults, with the store under `data_dir`.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            ..Self::default()
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            data_dir: PathBuf::from("data"),
            max_store_bytes: 1 << 30,
            max_browser_bytes: 256 << 20,
            max_queued_requests: 1024,
            max_in_flight_bytes: 256 << 20,
            max_browser_in_flight_bytes: 64 << 20,
        }
    }
}

impl fmt::Debug for OtlpSettings {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OtlpSettings")
            .field("max_body_bytes", &self.max_body_bytes)
            .field("body_timeout", &self.body_timeout)
            .field("has_key", &self.key.is_some())
            .finish()
    }
}

impl Default for OtlpSettings {
    fn default() -> Self {
        Self {
            max_body_bytes: 64 << 20,
            body_timeout: Duration::from_secs(30),
            key: None,
        }
    }
}

impl Default for BrowserSettings {
    fn default() -> Self {
        Self {
            max_body_bytes: 1 << 20,
            body_timeout: Duration::from_secs(30),
            services: Vec::new(),
            trusted_origins: Vec::new(),
            burst: 100,
            requests_per_second: 20,
        }
    }
}
