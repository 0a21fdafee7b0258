//! `GET /api/v1/auth/me`

use axum::Json;
use rag_admin_api::Session;

use super::CurrentUser;

/// Who is signed in: 200, or 401 if nobody is.
#[utoipa::path(
    get,
    path = "/v1/auth/me",
    responses((status = 200, description = "Who is signed in.", body = Session)),
    security(("session" = [])),
)]
pub(crate) async fn me(CurrentUser(user): CurrentUser) -> Json<Session> {
    Json(Session { user })
}
