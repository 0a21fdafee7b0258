//! `POST /api/v1/auth/signin`

use std::time::Instant;

use axum::{Json, extract::State, response::IntoResponse};
use rag_admin_api::{Session, SignIn};
use tracing::{info, warn};

use super::{
    authenticate::{AuthenticationError, authenticate_user},
    limit::TooMany,
    password::Password,
};
use crate::{
    app::App,
    client::ClientAddress,
    metrics::{Method, Outcome, signed_in},
    problem::{JsonBody, Problem},
    users::Email,
};

/// Signs a person in: 200 with the user and two cookies, 401, 422 or 429.
#[utoipa::path(
    post,
    path = "/v1/auth/signin",
    request_body = SignIn,
    responses((status = 200, description = "Signed in, with two cookies.", body = Session)),
)]
pub(crate) async fn sign_in(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    JsonBody(typed): JsonBody<SignIn>,
) -> Result<impl IntoResponse, Problem> {
    let email = Email::parse(&typed.email).map_err(|error| Problem::unusable(error.to_string()))?;
    let password =
        Password::new(&typed.password).map_err(|error| Problem::unusable(error.to_string()))?;
    let shown = app.telemetry_email.show(email.as_str());
    let started = Instant::now();
    let ended = |outcome| signed_in(outcome, Method::Password, started.elapsed());

    if let Err(TooMany(wait)) = app.limiter.try_once(email.as_str(), address, started) {
        ended(Outcome::Limited);
        warn!(
            user.email = shown,
            wait_seconds = wait.as_secs(),
            "too many tries to sign in"
        );
        return Err(Problem::too_many_tries(wait));
    }

    match authenticate_user(&app, &email, password).await {
        Ok((user, pair)) => {
            ended(Outcome::Success);
            app.limiter.succeeded(email.as_str(), address);
            info!(user.id = user.id, user.email = shown, "signed in");
            Ok((app.cookies.set(&pair), Json(Session { user })))
        }
        Err(AuthenticationError::Internal(error)) => {
            ended(Outcome::Failure);
            Err(error.into())
        }
        // WARN and not ERROR: a mistyped password is no fault of the server, and would turn its span red.
        Err(reason) => {
            ended(Outcome::Refused);
            warn!(user.email = shown, reason = %reason, "sign-in failed");
            Err(Problem::unauthorized("Wrong e-mail address or password."))
        }
    }
}
