//! The lab: a Leptos page that starts work in every way, served by an application with the embedded collector.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::middleware::from_fn;
use axum::routing::get;
use tempfile::TempDir;
use throughline_collector::{Access, BrowserSettings, Collector, Settings};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tower_http::decompression::RequestDecompressionLayer;
use tower_http::services::ServeDir;

use crate::server::TOKEN;
use crate::{Traces, record, workspace};

/// The lab's server. Dropping it ends it.
#[derive(Debug)]
pub struct Lab {
    origin: String,
    echoes: Echoes,
    server: JoinHandle<()>,
    _data: TempDir,
}

/// One request for `/echo`.
#[derive(Clone, Debug)]
pub struct Echo {
    /// What was asked for.
    pub path_and_query: String,
    /// Every `traceparent` header of the request.
    pub trace_parents: Vec<String>,
}

type Echoes = Arc<Mutex<Vec<Echo>>>;

impl Lab {
    /// Starts it on a free port.
    pub async fn start() -> Result<Self> {
        let page = workspace().join("dist/lab");
        ensure!(
            page.join("index.html").is_file(),
            "{} is missing: `cargo xtask e2e` builds what these tests need",
            page.display()
        );
        let data = tempfile::tempdir()?;
        let collector = Collector::open(Settings::new(data.path()))?;
        let browser = BrowserSettings {
            services: vec!["throughline-lab".into()],
            ..BrowserSettings::default()
        };
        let echoes = Echoes::default();
        let app = Router::new()
            .route("/echo", get(echo))
            .with_state(Arc::clone(&echoes))
            .merge(collector.otlp_browser(browser))
            .merge(collector.viewer(Access::token(TOKEN)))
            .fallback_service(ServeDir::new(page))
            .layer(from_fn(record::tee))
            .layer(RequestDecompressionLayer::new());
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let origin = format!("http://{}", listener.local_addr()?);
        let server = tokio::spawn(async move {
            axum::serve(listener, app).await.ok();
        });
        Ok(Self {
            origin,
            echoes,
            server,
            _data: data,
        })
    }

    /// The address of a path.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    /// What its collector holds.
    pub fn traces(&self) -> Traces {
        Traces::new(&self.origin, TOKEN)
    }

    /// The requests so far.
    pub fn echoes(&self) -> Vec<Echo> {
        self.echoes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        self.server.abort();
    }
}

// === impl Echo ===

impl Echo {
    /// A value of the query, empty if it is not there.
    pub fn get(&self, key: &str) -> &str {
        let query = self.path_and_query.split_once('?').map_or("", |it| it.1);
        let mut pairs = query.split('&').filter_map(|it| it.split_once('='));
        pairs.find(|it| it.0 == key).map_or("", |it| it.1)
    }

    /// The number of the click that caused the request, as the page says.
    pub fn click(&self) -> Result<usize> {
        self.get("click")
            .parse()
            .with_context(|| format!("no click in {}", self.path_and_query))
    }
}

/// Answers after a while that differs from request to request, but not from run to run.
async fn echo(State(echoes): State<Echoes>, uri: Uri, headers: HeaderMap) -> &'static str {
    let trace_parents = headers.get_all("traceparent").iter();
    let trace_parents = trace_parents
        .map(|it| it.to_str().unwrap_or("not text").to_owned())
        .collect();
    let count = {
        let mut echoes = echoes.lock().unwrap_or_else(PoisonError::into_inner);
        echoes.push(Echo {
            path_and_query: uri.to_string(),
            trace_parents,
        });
        echoes.len() as u64
    };
    tokio::time::sleep(Duration::from_millis(2 + scrambled(count) % 30)).await;
    "ok"
}

/// `SplitMix64`: numbers without order from numbers with order.
fn scrambled(number: u64) -> u64 {
    let mut it = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    it = (it ^ (it >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    it = (it ^ (it >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    it ^ (it >> 31)
}
