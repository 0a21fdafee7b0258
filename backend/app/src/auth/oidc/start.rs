//! `GET /api/v1/auth/oidc/start`

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect},
};
use tracing::warn;

use crate::{app::App, problem::Problem};

/// Sends the browser to the provider: 303 with a cookie, 404 without a provider, 502 if that does not answer.
#[utoipa::path(
    get,
    operation_id = "start_sign_in_with_provider",
    path = "/v1/auth/oidc/start",
    responses((status = 303, description = "To the provider, with a cookie.")),
)]
pub(crate) async fn start(State(app): State<App>) -> Result<impl IntoResponse, Problem> {
    let Some(provider) = &app.oidc else {
        let detail = "There is no provider to sign in with.";
        return Err(Problem::new(StatusCode::NOT_FOUND, detail));
    };
    let (url, attempt) = provider.begin().await.map_err(|error| {
        warn!(
            error = format!("{error:#}"),
            "the provider cannot be reached"
        );
        let detail = "The provider cannot be reached. Try again later.";
        Problem::new(StatusCode::BAD_GATEWAY, detail)
    })?;
    let cookie = app.cookies.set_attempt(&attempt.to_cookie());
    Ok((cookie, Redirect::to(url.as_str())))
}
