//! `GET /api/v1/documents/{id}`

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use rag_admin_api::Document;

use super::queries;
use crate::{app::App, auth::CurrentUser, problem::Problem};

/// One document, without its text: 200, or 401, 404.
#[utoipa::path(
    get,
    operation_id = "document",
    path = "/v1/documents/{id}",
    params(("id" = String, Path)),
    responses((status = 200, description = "The document.", body = Document)),
    security(("session" = [])),
)]
pub(crate) async fn one(
    State(app): State<App>,
    _: CurrentUser,
    Path(id): Path<String>,
) -> Result<Json<Document>, Problem> {
    let document = queries::find(&app.db, &id).await?;
    let none = || Problem::new(StatusCode::NOT_FOUND, "There is no such document.");
    document.map(Json).ok_or_else(none)
}
