//! `GET /api/v1/documents`

use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
};
use rag_admin_api::{DocumentPage, MAX_DOCUMENTS_PER_PAGE};
use serde::Deserialize;

use super::queries;
use crate::{app::App, auth::CurrentUser, problem::Problem};

/// Which documents are wanted.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// The last of those that are known already.
    #[serde(default)]
    after: String,
}

/// The documents, the newest first: 200, or 401.
#[utoipa::path(
    get,
    operation_id = "list_documents",
    path = "/v1/documents",
    params(Wanted),
    responses((status = 200, description = "Some of the documents.", body = DocumentPage)),
    security(("session" = [])),
)]
pub(crate) async fn list(
    State(app): State<App>,
    _: CurrentUser,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Result<Json<DocumentPage>, Problem> {
    let Query(wanted) = wanted.map_err(|it| Problem::unusable(it.body_text()))?;
    let documents = queries::page(&app.db, &wanted.after, MAX_DOCUMENTS_PER_PAGE).await?;
    let is_full = u32::try_from(documents.len()) == Ok(MAX_DOCUMENTS_PER_PAGE);
    let next = documents.last().filter(|_| is_full).map(|it| it.id.clone());
    Ok(Json(DocumentPage { documents, next }))
}
