//! `POST /api/v1/documents`

use axum::{
    Json,
    extract::{
        Multipart, State,
        multipart::{Field, MultipartError},
    },
    http::{StatusCode, header},
    response::IntoResponse,
};
use rag_admin_api::{Document, DocumentState, MAX_DOCUMENT_BYTES, MAX_TITLE_CHARS, paths};
use tracing::info;

use super::queries;
use crate::{
    app::App,
    auth::{CurrentUser, random_id},
    client::ClientAddress,
    clock,
    limit::What,
    problem::Problem,
};

/// What the form takes beside the document itself.
const FORM_BYTES: usize = 16 * 1024;
/// The largest body.
pub(crate) const MAX_BODY_BYTES: usize = MAX_DOCUMENT_BYTES + FORM_BYTES;

/// How many documents there may be.
const MAX_DOCUMENTS: i64 = 10_000;

/// The form, as the API's document tells of it.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "it is read piece by piece")]
struct Upload {
    /// A text in UTF-8, whose name is the document's title.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// Takes a text: 202 with the document, or 401, 413, 415, 422, 429, 507. It is indexed in the background.
#[utoipa::path(
    post,
    operation_id = "upload_document",
    path = "/v1/documents",
    request_body(content = Upload, content_type = "multipart/form-data"),
    responses((status = 202, description = "Taken; its address is in `Location`.", body = Document)),
    security(("session" = [])),
)]
pub(crate) async fn upload(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    CurrentUser(user): CurrentUser,
    form: Multipart,
) -> Result<impl IntoResponse, Problem> {
    app.requests.allow(What::Upload, &user.id, address)?;
    let (title, body) = file(form).await?;
    if queries::count(&app.db).await? >= MAX_DOCUMENTS {
        let detail = format!("There are {MAX_DOCUMENTS} documents already.");
        return Err(Problem::new(StatusCode::INSUFFICIENT_STORAGE, detail));
    }
    let document = Document {
        id: random_id()?,
        title,
        bytes: body.len() as u64,
        state: DocumentState::Indexing,
        created_at: clock::unix_seconds(),
    };
    queries::insert(&app.db, &document, &user.id, &body).await?;
    info!(
        document.id = document.id,
        document.bytes = document.bytes,
        "document uploaded"
    );
    app.indexer.start(document.id.clone());
    let address = format!("{}/{}", paths::DOCUMENTS, document.id);
    Ok((
        StatusCode::ACCEPTED,
        [(header::LOCATION, address)],
        Json(document),
    ))
}

/// The title and the text of the form's file.
async fn file(mut form: Multipart) -> Result<(String, String), Problem> {
    while let Some(field) = form.next_field().await.map_err(|it| unreadable(&it))? {
        if field.name() != Some("file") {
            continue;
        }
        let title = title(&field)?;
        let bytes = field.bytes().await.map_err(|it| unreadable(&it))?;
        if bytes.len() > MAX_DOCUMENT_BYTES {
            let detail = format!("The document is larger than {MAX_DOCUMENT_BYTES} bytes.");
            return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail));
        }
        let text = String::from_utf8(bytes.into())
            .map_err(|_| Problem::unusable("The document is not text in UTF-8."))?;
        // A zero character ends a text for some databases.
        if text.trim().is_empty() || text.contains('\0') {
            return Err(Problem::unusable("The document is empty, or no text."));
        }
        return Ok((title, text));
    }
    Err(Problem::unusable("The form has no `file`."))
}

/// The name of the file. Only texts are taken.
fn title(field: &Field<'_>) -> Result<String, Problem> {
    let kind = field.content_type().unwrap_or("text/plain");
    if !kind.starts_with("text/") {
        let detail = "Only texts can be searched: a file of type `text/…`.";
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail));
    }
    let name = field.file_name().unwrap_or_default();
    // Some clients send a path.
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let name = name.chars().filter(|it| !it.is_control());
    let name: String = name.take(MAX_TITLE_CHARS).collect();
    match name.trim() {
        "" => Ok("Untitled".to_owned()),
        name => Ok(name.to_owned()),
    }
}

fn unreadable(error: &MultipartError) -> Problem {
    Problem::new(error.status(), error.body_text())
}
