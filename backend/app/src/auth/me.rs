//! `GET /api/v1/auth/me`

use axum::Json;
use rag_admin_api::Session;

use super::CurrentUser;

/// Who is signed in: 200, or 401 if nobody is.
pub(crate) async fn me(CurrentUser(user): CurrentUser) -> Json<Session> {
    Json(Session { user })
}
