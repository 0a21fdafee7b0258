//! `POST /api/v1/auth/refresh`

use axum::{
    Json,
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use rag_admin_api::Session;
use tracing::warn;

use super::sessions::{self, Exchange};
use crate::{app::App, client::ClientAddress, clock, limit::What, problem::Problem};

/// Exchanges the refresh token for a new pair: 200 with the user and two cookies, or 401, 429.
#[utoipa::path(
    post,
    path = "/v1/auth/refresh",
    responses((status = 200, description = "Renewed, with two cookies.", body = Session)),
)]
pub(crate) async fn refresh(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Some(token) = app.cookies.refresh(&headers) else {
        return Err(Problem::unauthorized("Nobody is signed in."));
    };
    app.requests
        .allow(What::Refresh, token.hash().as_str(), address)?;
    match sessions::exchange(&app.db, &token, clock::unix_seconds()).await? {
        Exchange::Renewed(pair, user) => {
            return Ok((app.cookies.set(&pair), Json(Session { user })).into_response());
        }
        Exchange::Reused => warn!("a refresh token was used twice: the session is revoked"),
        Exchange::Refused => {}
    }
    let problem = Problem::unauthorized("The session has ended. Sign in again.");
    Ok((app.cookies.clear(), problem).into_response())
}
