//! What is not the API.

use reqwest::{StatusCode, header};

use crate::support::TestServer;

#[tokio::test]
async fn every_address_of_the_front_end_is_its_page() {
    let server = TestServer::start().await;
    for path in ["/", "/users/17"] {
        let response = server.browser().get(path).await;
        // 503 if the front end is not built: the page then says how.
        assert!(
            matches!(
                response.status(),
                StatusCode::OK | StatusCode::SERVICE_UNAVAILABLE
            ),
            "{path}"
        );
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-cache");
        assert!(response.text().await.unwrap().contains("<title>RAG Admin"));
    }
}

#[tokio::test]
async fn a_page_cannot_be_posted_to() {
    let server = TestServer::start().await;
    assert_eq!(
        server.browser().post("/").await.status(),
        StatusCode::METHOD_NOT_ALLOWED
    );
}

#[tokio::test]
async fn health_is_told_to_anybody() {
    let server = TestServer::start().await;
    for path in ["/healthz", "/readyz"] {
        assert_eq!(server.browser().get(path).await.status(), StatusCode::OK);
    }
}
