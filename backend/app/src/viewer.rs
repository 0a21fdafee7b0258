//! Who may see the traces: whoever has the token, and signed-in administrators.

use axum::http::request::Parts;
use throughline_collector::{Access, access::Decision};
use tracing::warn;

use crate::{
    app::App,
    auth::{CurrentUser, Secret},
};

/// The access rule of the trace viewer.
pub(crate) fn access(app: App, token: &Secret) -> Access {
    Access::token(token.expose()).or(move |parts| is_admin(app.clone(), parts))
}

fn is_admin(app: App, parts: &Parts) -> Decision {
    let headers = parts.headers.clone();
    Box::pin(async move {
        match CurrentUser::find(app.db.untraced(), app.cookies, &headers).await {
            Ok(user) => user.is_some_and(|user| user.is_admin()),
            Err(error) => {
                warn!(%error, "an administrator could not be looked up");
                false
            }
        }
    })
}
