//! `POST /api/v1/auth/password`

use std::time::Instant;

use axum::{Json, extract::State, response::IntoResponse};
use rag_admin_api::{PasswordChange, Session};
use tracing::{info, warn};

use super::{CurrentUser, limit::TooMany, password::Password, sessions};
use crate::{
    app::App,
    client::ClientAddress,
    clock,
    problem::{JsonBody, Problem},
    users,
};

/// Changes one's own password: 200 with two new cookies, or 401, 422, 429. Every other session of the user ends: whoever
/// knew the old password may have one.
#[utoipa::path(
    post,
    path = "/v1/auth/password",
    request_body = PasswordChange,
    responses((status = 200, description = "Changed, with two cookies.", body = Session)),
    security(("session" = [])),
)]
pub(crate) async fn change_password(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    CurrentUser(user): CurrentUser,
    JsonBody(typed): JsonBody<PasswordChange>,
) -> Result<impl IntoResponse, Problem> {
    let current =
        Password::new(&typed.current).map_err(|error| Problem::unusable(error.to_string()))?;
    let new = Password::chosen(&typed.new).map_err(|error| Problem::unusable(error.to_string()))?;
    // Who found a browser that somebody left signed in is to guess no faster than at the door.
    if let Err(TooMany(wait)) = app.limiter.try_once(&user.email, address, Instant::now()) {
        return Err(Problem::too_many_tries(wait));
    }

    let hash = users::password_hash(&app.db, &user.id).await?;
    if !app
        .passwords
        .verify(current, hash.as_deref().filter(|it| !it.is_empty()))
        .await?
    {
        warn!(
            user.id = user.id,
            "password not changed: the current one is wrong"
        );
        return Err(Problem::unusable("This is not the current password."));
    }
    app.limiter.succeeded(&user.email, address);
    let hash = app.passwords.hash(new).await?;
    users::set_password_hash(&app.db, &user.id, &hash).await?;
    let now = clock::unix_seconds();
    sessions::revoke_all(&app.db, &user.id, now).await?;
    let pair = sessions::open(&app.db, &user.id, now).await?;
    info!(user.id = user.id, "password changed");
    Ok((app.cookies.set(&pair), Json(Session { user })))
}
