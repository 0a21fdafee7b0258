use expect_test::expect;
use rag_admin_api::paths;
use reqwest::Method;
use serde_json::json;

use super::{finished, text, traceparent};
use crate::support::{EMAIL, PASSWORD, TestServer, recorded};

#[tokio::test]
async fn a_search_tells_how_much_was_looked_for_and_not_what() {
    let server = TestServer::start().await;
    let mut browser = server.browser();
    browser.sign_in(EMAIL, PASSWORD).await;
    let trace_id = "4bf92f3577b34da6a3ce929d0e0e4711";
    let request = browser
        .request(Method::POST, paths::SEARCH)
        .header("traceparent", traceparent(trace_id))
        .json(&json!({ "query": "private words" }));
    browser.send(request).await.bytes().await.unwrap();
    expect![[r#"
        POST /api/v1/documents/search Server Unset http.response.status_code=200
          SELECT refresh_tokens Client Unset
          SELECT users Client Unset
          search_documents Internal Unset search.words=2 search.hits=0
            SELECT passages documents Client Unset
    "#]]
    .assert_eq(&text(trace_id).await);
    let all = format!("{:?} {:?}", recorded().logs(trace_id), finished(trace_id));
    assert!(!all.contains("private"), "{all}");
}
