//! `GET /healthz`: the process answers. `GET /readyz`: so does its database.

use axum::{extract::State, http::StatusCode};

use crate::{app::App, db};

pub(crate) async fn live() -> &'static str {
    "ok\n"
}

pub(crate) async fn ready(State(app): State<App>) -> (StatusCode, &'static str) {
    match db::ping(&app.db).await {
        Ok(()) => (StatusCode::OK, "ok\n"),
        Err(error) => {
            tracing::warn!(%error, "the database does not answer");
            (
                StatusCode::SERVICE_UNAVAILABLE,
                "the database does not answer\n",
            )
        }
    }
}
