//! `GET /api/openapi.json`: what the API takes and answers (OpenAPI 3.1), made of its handlers and their types.

use rag_admin_api::{
    MAX_DOCUMENTS_PER_PAGE, MAX_PASSWORD_BYTES, MAX_SEARCH_BYTES, MIN_PASSWORD_CHARS, PROBLEM_JSON,
    Problem,
};
use serde_json::json;
use utoipa::OpenApi;

use crate::auth::CookieStyle;

/// What no handler tells.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "RAG Admin",
        description = "Accounts, and documents that are searched."
    ),
    servers((url = "/api")),
    components(schemas(Problem))
)]
pub(crate) struct Api;

/// The document, with what is the same for all operations.
pub(crate) fn text(
    api: &utoipa::openapi::OpenApi,
    cookies: CookieStyle,
) -> serde_json::Result<String> {
    let mut document = serde_json::to_value(api)?;
    let problem = json!({
        "description": "What is wrong (RFC 9457).",
        "content": { PROBLEM_JSON: { "schema": { "$ref": "#/components/schemas/Problem" } } },
    });
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    for operation in paths.filter_map(|it| it.1.as_object_mut()).flatten() {
        operation.1["responses"]["default"] = problem.clone();
    }
    document["components"]["securitySchemes"]["session"] =
        json!({ "type": "apiKey", "in": "cookie", "name": cookies.access_name() });
    Ok(for_readers(&serde_json::to_string(&document)?))
}

/// Links in the documentation of Rust lead nowhere here: constants become their values, members their names.
fn for_readers(text: &str) -> String {
    let values = [
        ("MAX_DOCUMENTS_PER_PAGE", MAX_DOCUMENTS_PER_PAGE.to_string()),
        ("MAX_PASSWORD_BYTES", MAX_PASSWORD_BYTES.to_string()),
        ("MAX_SEARCH_BYTES", MAX_SEARCH_BYTES.to_string()),
        ("MIN_PASSWORD_CHARS", MIN_PASSWORD_CHARS.to_string()),
        ("status", "`status`".to_owned()),
    ];
    values
        .into_iter()
        .fold(text.to_owned(), |text, (name, value)| {
            let link = format!("[`{name}`]");
            text.replace(&format!("{link}(crate::{name})"), &value)
                .replace(&format!("{link}(Self::{name})"), &value)
                .replace(&link, &value)
        })
}
