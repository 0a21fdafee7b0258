//! `POST /api/v1/users`

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
};
use rag_admin_api::{NewUser, User, paths};
use tracing::info;

use super::{Email, insert};
use crate::{
    app::App,
    auth::{Admin, Password, random_id},
    client::ClientAddress,
    clock,
    limit::What,
    problem::{JsonBody, Problem},
};

/// Adds a user: 201 with the user and its address, or 401, 403, 409, 422, 429.
#[utoipa::path(
    post,
    operation_id = "add_user",
    path = "/v1/users",
    request_body = NewUser,
    responses((status = 201, description = "Added; its address is in `Location`.", body = User)),
    security(("session" = [])),
)]
pub(crate) async fn create(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    Admin(admin): Admin,
    JsonBody(new): JsonBody<NewUser>,
) -> Result<impl IntoResponse, Problem> {
    app.requests.allow(What::NewUser, &admin.id, address)?;
    let email = Email::parse(&new.email).map_err(|error| Problem::unusable(error.to_string()))?;
    let password =
        Password::chosen(&new.password).map_err(|error| Problem::unusable(error.to_string()))?;
    let user = User {
        id: random_id()?,
        email: email.as_str().to_owned(),
        role: new.role,
    };
    let hash = app.passwords.hash(password).await?;
    if !insert(&app.db, &user, &hash, clock::unix_seconds()).await? {
        let detail = "This e-mail address has an account already.";
        return Err(Problem::new(StatusCode::CONFLICT, detail));
    }
    info!(
        user.id = user.id,
        role = user.role.as_str(),
        by = admin.id,
        "user added"
    );
    let address = format!("{}/{}", paths::USERS, user.id);
    Ok((
        StatusCode::CREATED,
        [(header::LOCATION, address)],
        Json(user),
    ))
}
