//! `POST /api/v1/auth/signout`

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::IntoResponse,
};
use tracing::info;

use super::sessions;
use crate::{app::App, clock, problem::Problem};

/// Ends the session and has the browser forget it: 204, also if there is none.
#[utoipa::path(
    post,
    path = "/v1/auth/signout",
    responses((status = 204, description = "Signed out.")),
)]
pub(crate) async fn sign_out(
    State(app): State<App>,
    headers: HeaderMap,
) -> Result<impl IntoResponse, Problem> {
    let (access, refresh) = (app.cookies.access(&headers), app.cookies.refresh(&headers));
    if access.is_some() || refresh.is_some() {
        sessions::revoke(
            &app.db,
            access.as_ref(),
            refresh.as_ref(),
            clock::unix_seconds(),
        )
        .await?;
        info!("signed out");
    }
    Ok((StatusCode::NO_CONTENT, app.cookies.clear()))
}
