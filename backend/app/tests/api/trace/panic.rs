use axum::{Router, routing::get};
use expect_test::expect;
use reqwest::{Method, StatusCode};

use super::{log, text, traceparent};
use crate::support::{TestServer, problem};

async fn broken() {
    panic!("a test's own");
}

#[tokio::test]
async fn a_panic_is_an_error_of_its_request_and_of_no_other() {
    let routes = Router::new().route("/v1/broken", get(broken));
    let server = TestServer::start_as(&[], routes).await;
    let trace_id = "4bf92f3577b34da6a3ce929d0e0e4712";
    let mut browser = server.browser();
    let request = browser
        .request(Method::GET, "/api/v1/broken")
        .header("traceparent", traceparent(trace_id));
    let response = browser.send(request).await;
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let detail = problem(response).await.detail;
    assert_eq!(detail, "Something went wrong on the server.");
    let trace = text(trace_id).await;
    expect![[r#"
        GET /api/v1/broken Server Error { description: "a test's own" } http.response.status_code=500 error.type=panic [exception]
        "ERROR": "request failed"
    "#]]
    .assert_eq(&format!("{trace}{}", log(trace_id)));
    assert_eq!(browser.status_of_me().await, StatusCode::UNAUTHORIZED);
}
