//! `GET /api/openapi.json`

use std::{
    collections::HashSet,
    io::Write,
    process::{Command, Stdio},
};

use rag_admin_api::paths;
use reqwest::{Method, StatusCode, header};
use serde_json::Value;

use crate::{
    npm::installed,
    support::{Browser, TestServer, problem},
};

async fn document(browser: &mut Browser) -> Value {
    let response = browser.get("/api/openapi.json").await;
    assert_eq!(response.headers()[header::CONTENT_TYPE], "application/json");
    response.json().await.unwrap()
}

#[tokio::test]
async fn every_address_of_the_api_is_in_the_document_and_every_one_in_it_is_answered() {
    let server = TestServer::start().await;
    let mut browser = server.browser();
    let document = document(&mut browser).await;
    assert!(
        !document.to_string().contains("[`"),
        "a link of Rust: {document}"
    );
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1."));
    let all = document["paths"].as_object().unwrap();
    for path in [
        paths::SIGN_IN,
        paths::SIGN_OUT,
        paths::REFRESH,
        paths::ME,
        paths::PASSWORD,
        paths::PROVIDER_START,
        paths::PROVIDER_CALLBACK,
        paths::USERS,
        paths::DOCUMENTS,
        paths::SEARCH,
    ] {
        assert!(all.contains_key(&path["/api".len()..]), "{path}");
    }
    let mut names = HashSet::new();
    for (path, operations) in all {
        for (method, operation) in operations.as_object().unwrap() {
            assert!(names.insert(&operation["operationId"]), "{operation}");
            let responses = operation["responses"].as_object().unwrap();
            assert!(responses.len() > 1, "{method} {path}: {responses:?}");
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let path = format!("/api{}", path.replace("{id}", "1"));
            let answer = browser.send(browser.request(method, &path)).await;
            let status = answer.status();
            assert_ne!(status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
            if status == StatusCode::NOT_FOUND {
                let detail = problem(answer).await.detail;
                assert_ne!(detail, "There is nothing at this address.", "{path}");
            }
        }
    }
}

#[tokio::test]
async fn the_document_is_as_openapi_demands() {
    let server = TestServer::start().await;
    let document = document(&mut server.browser()).await;
    let node = Command::new("node")
        .arg("validate.mjs")
        .current_dir(installed("openapi"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let mut node = node.expect("Node.js is installed (Debian: nodejs, npm)");
    let mut input = node.stdin.take().unwrap();
    input.write_all(document.to_string().as_bytes()).unwrap();
    drop(input);
    let done = node.wait_with_output().unwrap();
    let wrong = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success() && wrong.is_empty(), "{wrong}");
}

#[tokio::test]
async fn whatever_the_document_refers_to_is_in_it() {
    let server = TestServer::start().await;
    let document = document(&mut server.browser()).await;
    let mut left = vec![&document];
    let mut references = 0;
    while let Some(value) = left.pop() {
        match value {
            Value::Object(members) => {
                if let Some(Value::String(reference)) = members.get("$ref") {
                    let pointer = reference.strip_prefix('#').unwrap();
                    assert!(document.pointer(pointer).is_some(), "{reference}");
                    references += 1;
                }
                left.extend(members.values());
            }
            Value::Array(items) => left.extend(items),
            _ => {}
        }
    }
    assert!(references > 10, "{references}");
}
