//! Documents: uploaded, listed, searched.

use gloo_net::http::Request;
use rag_admin_api::{Document, DocumentPage, Found, Search, paths};
use wasm_bindgen::JsValue;
use web_sys::{File, FormData};

use super::{ApiError, page_after, read, send};
use crate::parts::Listed;

/// Uploads a file. It is indexed in the background.
pub(crate) async fn upload(file: File) -> Result<Document, ApiError> {
    let form = form(&file).map_err(|_| ApiError::Failed)?;
    read(send(|| Request::post(paths::DOCUMENTS).body(form.clone())).await?).await
}

/// The passages that hold all words of `query`.
pub(crate) async fn search(query: String) -> Result<Found, ApiError> {
    let wanted = Search { query };
    read(send(|| Request::post(paths::SEARCH).json(&wanted)).await?).await
}

/// A file of which the browser does not know the type (a log, a program) is sent as text: whether it is, the server sees.
fn form(file: &File) -> Result<FormData, JsValue> {
    let form = FormData::new()?;
    if file.type_().is_empty() {
        let text = file.slice_with_f64_and_f64_and_content_type(0.0, file.size(), "text/plain")?;
        form.append_with_blob_and_filename("file", &text, &file.name())?;
    } else {
        form.append_with_blob("file", file)?;
    }
    Ok(form)
}

impl Listed for Document {
    async fn page(after: String) -> Result<(Vec<Document>, Option<String>), ApiError> {
        let answer = send(|| page_after(paths::DOCUMENTS, &after)).await?;
        let DocumentPage { documents, next } = read(answer).await?;
        Ok((documents, next))
    }
}
