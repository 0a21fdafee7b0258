//! Every answer that a test gets is one that the API's document tells of.

use rag_admin_api::PROBLEM_JSON;
use reqwest::{Method, Response, header};
use serde_json::Value;
use tokio::sync::OnceCell;

/// Checks an answer by its method, its address, its status and the type of its body.
pub(crate) async fn check(method: &Method, response: &Response) {
    let Some(path) = response.url().path().strip_prefix("/api") else {
        return;
    };
    let origin = response.url().origin().ascii_serialization();
    let document = document(&origin).await;
    let Some(responses) = responses(document, method, path) else {
        // The document itself, what there is not, and what only a test adds: all of the application's own is routed by
        // the list that makes the document.
        return;
    };
    let status = response.status();
    let documented = responses.get(status.as_str());
    let documented = documented.or(responses.get("default").filter(|_| status.as_u16() >= 400));
    let documented = documented.unwrap_or_else(|| panic!("{method} {path}: {status}"));
    match response.headers().get(header::CONTENT_TYPE) {
        Some(kind) => {
            let content = documented["content"].as_object().expect(path);
            assert!(
                content.contains_key(kind.to_str().unwrap()),
                "{path}: {kind:?}"
            );
        }
        None => assert!(documented["content"].is_null(), "{path} has no body"),
    }
    if status.is_client_error() || status.is_server_error() {
        let kind = response.headers().get(header::CONTENT_TYPE);
        assert_eq!(kind.unwrap(), PROBLEM_JSON, "{method} {path}: {status}");
    }
}

/// The same for all servers of the tests.
async fn document(origin: &str) -> &'static Value {
    static DOCUMENT: OnceCell<Value> = OnceCell::const_new();
    let get = async || {
        let response = reqwest::get(format!("{origin}/api/openapi.json")).await;
        response.unwrap().json().await.unwrap()
    };
    DOCUMENT.get_or_init(get).await
}

fn responses<'a>(document: &'a Value, method: &Method, path: &str) -> Option<&'a Value> {
    let paths = document["paths"].as_object()?;
    // An address without a parameter goes first, as it does in the router.
    let operations = paths.get(path).or_else(|| {
        let template = format!("{}/{{id}}", path.rsplit_once('/')?.0);
        paths.get(&template)
    })?;
    let method = method.as_str().to_lowercase();
    operations.get(method)?.get("responses")
}
