//! What handlers share.

use std::{net::SocketAddr, sync::Arc};

use anyhow::Context;
use throughline_instrument::{ForwardingHeaders, TrustedProxies};

use crate::{
    auth::{CookieStyle, Limiter, Passwords, oidc::Provider},
    db::Db,
    documents::Indexer,
    limit::Requests,
    settings::{Settings, TelemetryEmail},
};

/// The state of the application. Cloning shares it.
#[derive(Clone, Debug)]
pub(crate) struct App {
    pub(crate) db: Db,
    pub(crate) indexer: Indexer,
    pub(crate) passwords: Passwords,
    /// If one can sign in with it.
    pub(crate) oidc: Option<Arc<Provider>>,
    /// Who is believed when it says for whom it asks.
    pub(crate) proxies: Arc<TrustedProxies>,
    /// Of tries to sign in.
    pub(crate) limiter: Arc<Limiter>,
    /// Of all else.
    pub(crate) requests: Arc<Requests>,
    pub(crate) cookies: CookieStyle,
    pub(crate) telemetry_email: TelemetryEmail,
}

// === impl App ===

impl App {
    /// The application, as browsers reach it at `address` if no setting says otherwise.
    pub(crate) fn new(settings: &Settings, db: Db, address: SocketAddr) -> anyhow::Result<App> {
        let public_url = settings.public_url.clone();
        let public_url = public_url.unwrap_or_else(|| format!("http://{address}"));
        let oidc = settings.oidc.as_ref();
        let oidc = oidc
            .map(|oidc| Provider::new(oidc, &public_url))
            .transpose()?;
        let proxies = TrustedProxies::new(&settings.trusted_proxies, ForwardingHeaders::XForwarded);
        Ok(App {
            proxies: Arc::new(proxies.context("TRUSTED_PROXIES")?),
            indexer: Indexer::new(db.clone()),
            db,
            passwords: Passwords::new(settings.bcrypt_cost),
            limiter: Arc::new(Limiter::new()),
            requests: Arc::new(Requests::new(settings.limits)),
            cookies: if settings.is_plain_http() {
                CookieStyle::Plain
            } else {
                CookieStyle::Host
            },
            telemetry_email: settings.telemetry_email,
            oidc: oidc.map(Arc::new),
        })
    }
}
