//! `GET /api/v1/users`

use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
};
use rag_admin_api::{MAX_USERS_PER_PAGE, UserPage};
use serde::Deserialize;

use super::page;
use crate::{app::App, auth::Admin, problem::Problem};

/// Which users are wanted.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// How many at most.
    #[serde(default = "most")]
    limit: u32,
    /// The last of those that are known already.
    #[serde(default)]
    after: String,
}

fn most() -> u32 {
    MAX_USERS_PER_PAGE
}

/// The users in the order in which they were added: 200, or 401, 403, 422.
#[utoipa::path(
    get,
    operation_id = "list_users",
    path = "/v1/users",
    params(Wanted),
    responses((status = 200, description = "Some of the users.", body = UserPage)),
    security(("session" = [])),
)]
pub(crate) async fn list(
    State(app): State<App>,
    Admin(_): Admin,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Result<Json<UserPage>, Problem> {
    let Query(wanted) = wanted.map_err(|it| Problem::unusable(it.body_text()))?;
    if !(1..=MAX_USERS_PER_PAGE).contains(&wanted.limit) {
        let detail = format!("`limit` is not from 1 to {MAX_USERS_PER_PAGE}.");
        return Err(Problem::unusable(detail));
    }
    let users = page(&app.db, &wanted.after, wanted.limit).await?;
    let is_full = u32::try_from(users.len()) == Ok(wanted.limit);
    let next = users.last().filter(|_| is_full).map(|it| it.id.clone());
    Ok(Json(UserPage { users, next }))
}
