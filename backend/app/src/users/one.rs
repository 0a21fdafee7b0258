//! `GET /api/v1/users/{id}`

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use rag_admin_api::User;

use super::find_by_id;
use crate::{app::App, auth::Admin, problem::Problem};

/// One user: 200, or 401, 403, 404.
#[utoipa::path(
    get,
    operation_id = "user",
    path = "/v1/users/{id}",
    params(("id" = String, Path)),
    responses((status = 200, description = "The user.", body = User)),
    security(("session" = [])),
)]
pub(crate) async fn one(
    State(app): State<App>,
    Admin(_): Admin,
    Path(id): Path<String>,
) -> Result<Json<User>, Problem> {
    let user = find_by_id(&app.db, &id).await?;
    let nobody = || Problem::new(StatusCode::NOT_FOUND, "There is no such user.");
    user.map(Json).ok_or_else(nobody)
}
