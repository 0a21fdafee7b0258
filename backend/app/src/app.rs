//! What handlers share.

use std::sync::Arc;

use crate::{
    auth::{CookieStyle, Limiter, Passwords},
    db::Db,
    documents::Indexer,
    settings::{Settings, TelemetryEmail},
};

/// The state of the application. Cloning shares it.
#[derive(Clone, Debug)]
pub(crate) struct App {
    pub(crate) db: Db,
    pub(crate) indexer: Indexer,
    pub(crate) passwords: Passwords,
    pub(crate) limiter: Arc<Limiter>,
    pub(crate) cookies: CookieStyle,
    pub(crate) telemetry_email: TelemetryEmail,
}

// === impl App ===

impl App {
    pub(crate) fn new(settings: &Settings, db: Db) -> App {
        App {
            indexer: Indexer::new(db.clone()),
            db,
            passwords: Passwords::new(settings.bcrypt_cost),
            limiter: Arc::new(Limiter::new()),
            cookies: if settings.is_plain_http() {
                CookieStyle::Plain
            } else {
                CookieStyle::Host
            },
            telemetry_email: settings.telemetry_email,
        }
    }
}
