//! `POST /api/v1/documents/search`

use axum::{Json, extract::State};
use rag_admin_api::{Found, MAX_DOCUMENTS_PER_PAGE, MAX_SEARCH_BYTES, Search};
use tracing::{Instrument, Span, field, info_span};

use super::queries;
use crate::{
    app::App,
    auth::CurrentUser,
    problem::{JsonBody, Problem},
};

/// The passages that hold all words: 200, or 401, 422.
pub(crate) async fn search(
    State(app): State<App>,
    _: CurrentUser,
    JsonBody(wanted): JsonBody<Search>,
) -> Result<Json<Found>, Problem> {
    if wanted.query.len() > MAX_SEARCH_BYTES {
        let detail = format!("This is longer than {MAX_SEARCH_BYTES} bytes.");
        return Err(Problem::unusable(detail));
    }
    let query = wanted.query.replace('\0', " ");
    let words: Vec<&str> = query.split_whitespace().collect();
    if words.is_empty() {
        return Err(Problem::unusable("There is nothing to look for."));
    }
    // How many words, and not which: what people look for is theirs.
    let span = info_span!(
        "search_documents",
        search.words = words.len(),
        search.hits = field::Empty
    );
    async {
        let hits = queries::search(&app.db, &words, MAX_DOCUMENTS_PER_PAGE).await?;
        Span::current().record("search.hits", hits.len());
        Ok(Json(Found { hits }))
    }
    .instrument(span)
    .await
}
