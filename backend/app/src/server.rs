//! The running server: its listeners, and how they start and stop.

use std::{io, net::SocketAddr, pin::pin, time::Duration};

use anyhow::Context;
use axum::{Router, middleware};
use throughline_collector::{
    BrowserSettings, Collector, OtlpSettings,
    access::{load_or_create_token, loopback_hosts_only},
};
use throughline_instrument::Telemetry;
use tokio::{net::TcpListener, sync::watch, task::JoinSet, time};
use tracing::warn;

use crate::{
    app::App,
    auth::{self, Secret},
    client, clock, conformance, db,
    db::Db,
    documents::Indexer,
    metrics, router,
    settings::{DemoUser, OtlpHttp, Settings, TraceContextTest},
    upstream, users, viewer,
};

/// The `service.name` of the front end: browsers may send spans of no other.
const BROWSER_SERVICE: &str = "rag-admin-frontend";

/// How long requests and jobs that are under way may take to end once the server stops.
const DRAIN: Duration = Duration::from_secs(10);

/// How often expired sessions are deleted.
const CLEAN_UP: Duration = Duration::from_secs(60 * 60);

/// How often the others are counted.
const COUNT: Duration = Duration::from_secs(60);

/// A server that answers. [`stop`](Server::stop) it, or it ends when it is dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    otlp_address: Option<SocketAddr>,
    viewer_token: Secret,
    tasks: JoinSet<()>,
    stop: watch::Sender<bool>,
    db: Db,
    indexer: Indexer,
}

// === impl Server ===

impl Server {
    /// Opens the database and starts to listen. Once this returns, requests are answered.
    ///
    /// # Errors
    ///
    /// The database cannot be opened, an address is taken, or a trusted origin is none.
    pub async fn start(
        settings: &Settings,
        telemetry: &Telemetry,
        collector: &Collector,
    ) -> anyhow::Result<Server> {
        Server::start_with(settings, telemetry, collector, Router::new()).await
    }

    /// The same, with more routes below `/api`: for tests, of what no handler does.
    ///
    /// # Errors
    ///
    /// Those of [`Server::start`].
    pub async fn start_with(
        settings: &Settings,
        telemetry: &Telemetry,
        collector: &Collector,
        routes: Router,
    ) -> anyhow::Result<Server> {
        // Which cryptography there is in a process is its application's choice. Where one was made, it holds.
        let _made_before = rustls::crypto::ring::default_provider().install_default();
        let db = db::open(settings).await?;
        let listener = TcpListener::bind(settings.listen)
            .await
            .with_context(|| format!("cannot listen on {} (HOST, PORT)", settings.listen))?;
        let address = listener.local_addr()?;
        let app = App::new(settings, db.clone(), address)?;
        let indexer = app.indexer.clone();
        if settings.demo_user == DemoUser::Present {
            users::ensure_demo_user(db.untraced(), &app.passwords).await?;
        }
        let viewer_token = match &settings.telemetry_token {
            Some(token) => token.clone(),
            None => Secret::new(load_or_create_token(&settings.data_dir)?),
        };
        let mut router = router(settings, app, collector, &viewer_token, routes)?;
        if settings.trace_context_test == TraceContextTest::Served {
            router = router.merge(conformance::router(telemetry)?);
        }
        let router = telemetry.trace(router);
        let otlp = otlp_listener(settings.otlp_http).await?;

        let otlp_address = otlp.as_ref().map(TcpListener::local_addr).transpose()?;
        let own: Vec<SocketAddr> = otlp_address.into_iter().chain([address]).collect();
        if let Some(endpoint) = upstream::own_listener(&settings.otlp_endpoints, &own) {
            anyhow::bail!(
                "OTEL_EXPORTER_OTLP_ENDPOINT={endpoint} is this server itself, which keeps its spans anyway: \
                 leave it out, or name another collector"
            );
        }

        let (stop, stopped) = watch::channel(false);
        let mut server = Server {
            address,
            otlp_address,
            viewer_token,
            tasks: JoinSet::new(),
            stop,
            db: db.clone(),
            indexer,
        };
        server.tasks.spawn(serve(listener, router, stopped.clone()));
        if let Some(listener) = otlp {
            let router = otlp_router(collector, listener.local_addr()?, &server.viewer_token);
            server.tasks.spawn(serve(listener, router, stopped.clone()));
        }
        server.tasks.spawn(clean_up(db.clone(), stopped.clone()));
        server.tasks.spawn(count_sessions(db, stopped));
        server.indexer.resume().await?;
        Ok(server)
    }

    /// Where the application answers.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where other programs can send OTLP over HTTP.
    pub fn otlp_address(&self) -> Option<SocketAddr> {
        self.otlp_address
    }

    /// What opens the trace viewer: to be shown to the person at the terminal, and to nobody else.
    pub fn viewer_token(&self) -> &Secret {
        &self.viewer_token
    }

    /// Stops to listen, lets requests and jobs that are under way end, and closes the database.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        let all = async {
            while self.tasks.join_next().await.is_some() {}
            self.indexer.stop().await;
        };
        if time::timeout(DRAIN, all).await.is_err() {
            warn!("what is still under way after {DRAIN:?} is cut off");
            self.tasks.shutdown().await;
        }
        self.db.close().await;
    }
}

fn router(
    settings: &Settings,
    app: App,
    collector: &Collector,
    viewer_token: &Secret,
    routes: Router,
) -> anyhow::Result<Router> {
    let browser = BrowserSettings {
        services: vec![BROWSER_SERVICE.to_owned()],
        trusted_origins: settings.trusted_origins.clone(),
        ..BrowserSettings::default()
    };
    let by_client = middleware::map_request_with_state(app.clone(), client::in_place_of_proxy);
    let router = router::application(app.clone(), settings, routes)?
        .merge(collector.viewer(viewer::access(app, viewer_token)))
        .merge(collector.otlp_browser(browser).layer(by_client));
    let router = router::guarded(router);
    Ok(if settings.is_plain_http() {
        loopback_hosts_only(router)
    } else {
        router
    })
}

/// Somebody else's collector may listen on the default port: that is no reason not to start.
async fn otlp_listener(setting: OtlpHttp) -> anyhow::Result<Option<TcpListener>> {
    let (address, optional) = match setting {
        OtlpHttp::Off => return Ok(None),
        OtlpHttp::Default(address) => (address, true),
        OtlpHttp::Asked(address) => (address, false),
    };
    match TcpListener::bind(address).await {
        Ok(listener) => Ok(Some(listener)),
        Err(error) if optional && error.kind() == io::ErrorKind::AddrInUse => {
            warn!(%address, "OTLP from other programs is not received: the port is taken (OTLP_HTTP_ADDR)");
            Ok(None)
        }
        Err(error) => {
            Err(error).with_context(|| format!("cannot listen on {address} (OTLP_HTTP_ADDR)"))
        }
    }
}

/// On loopback for every program of this machine; elsewhere for those that have the token.
fn otlp_router(collector: &Collector, address: SocketAddr, token: &Secret) -> Router {
    if address.ip().is_loopback() {
        return loopback_hosts_only(collector.otlp(OtlpSettings::default()));
    }
    collector.otlp(OtlpSettings {
        key: Some(token.expose().to_owned()),
        ..OtlpSettings::default()
    })
}

async fn serve(listener: TcpListener, router: Router, stopped: watch::Receiver<bool>) {
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let serving = axum::serve(listener, service).with_graceful_shutdown(until(stopped));
    if let Err(error) = serving.await {
        tracing::error!(%error, "the listener failed");
    }
}

async fn clean_up(db: Db, stopped: watch::Receiver<bool>) {
    let mut hourly = time::interval(CLEAN_UP);
    let mut stopped = pin!(until(stopped));
    loop {
        tokio::select! {
            _ = hourly.tick() => {}
            () = &mut stopped => return,
        }
        if let Err(error) = auth::forget_expired(db.untraced(), clock::unix_seconds()).await {
            warn!(%error, "expired sessions could not be deleted");
        }
    }
}

async fn count_sessions(db: Db, stopped: watch::Receiver<bool>) {
    let mut tick = time::interval(COUNT);
    let mut stopped = pin!(until(stopped));
    loop {
        tokio::select! {
            _ = tick.tick() => {}
            () = &mut stopped => return,
        }
        // Without an answer the last count stands: the database's own errors are told elsewhere.
        if let Ok(count) = auth::count_active(db.untraced(), clock::unix_seconds()).await {
            metrics::active_sessions(count);
        }
    }
}

async fn until(mut stopped: watch::Receiver<bool>) {
    // An error says that the server was dropped: also a reason to stop.
    let _ = stopped.wait_for(|stopped| *stopped).await;
}
