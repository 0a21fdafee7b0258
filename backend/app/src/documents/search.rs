//! `POST /api/v1/documents/search`

use axum::{Json, extract::State};
use rag_admin_api::{Found, MAX_DOCUMENTS_PER_PAGE, MAX_SEARCH_BYTES, Search};
use tracing::{Instrument, Span, field, info_span};

use super::queries;
use crate::{
    app::App,
    auth::CurrentUser,
    client::ClientAddress,
    limit::What,
    problem::{JsonBody, Problem},
};

/// The passages that hold all words: 200, or 401, 422, 429.
#[utoipa::path(
    post,
    operation_id = "search_documents",
    path = "/v1/documents/search",
    request_body = Search,
    responses((status = 200, description = "What was found.", body = Found)),
    security(("session" = [])),
)]
pub(crate) async fn search(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    CurrentUser(user): CurrentUser,
    JsonBody(wanted): JsonBody<Search>,
) -> Result<Json<Found>, Problem> {
    app.requests.allow(What::Search, &user.id, address)?;
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
    let count = |it: usize| i64::try_from(it).unwrap_or(i64::MAX);
    let span = info_span!(
        "search_documents",
        search.words = count(words.len()),
        search.hits = field::Empty
    );
    async {
        let hits = queries::search(&app.db, &words, MAX_DOCUMENTS_PER_PAGE).await?;
        Span::current().record("search.hits", count(hits.len()));
        Ok(Json(Found { hits }))
    }
    .instrument(span)
    .await
}
