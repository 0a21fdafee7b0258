//! `GET /api/v1/documents`, `POST …`, `GET …/{id}`, `POST …/search`

use std::time::Duration;

use rag_admin_api::{Document, DocumentPage, DocumentState, Found, MAX_DOCUMENT_BYTES, paths};
use reqwest::{
    Method, Response, StatusCode, header,
    multipart::{Form, Part},
};
use serde_json::json;

use crate::support::{Browser, EMAIL, PASSWORD, TestServer, problem};

const PATIENCE: Duration = Duration::from_secs(10);

async fn signed_in(server: &TestServer) -> Browser {
    let mut browser = server.browser();
    browser.sign_in(EMAIL, PASSWORD).await;
    browser
}

fn file(name: &'static str, kind: &str, body: impl Into<Vec<u8>>) -> Form {
    let part = Part::bytes(body.into()).file_name(name);
    Form::new().part("file", part.mime_str(kind).unwrap())
}

async fn upload(browser: &mut Browser, form: Form) -> Response {
    let request = browser.request(Method::POST, paths::DOCUMENTS);
    browser.send(request.multipart(form)).await
}

/// Uploads a text, and waits until it is indexed.
async fn indexed(browser: &mut Browser, name: &'static str, body: &str) -> Document {
    let response = upload(browser, file(name, "text/plain", body)).await;
    assert_eq!(response.status(), StatusCode::ACCEPTED);
    let address = response.headers()[header::LOCATION]
        .to_str()
        .unwrap()
        .to_owned();
    let uploaded: Document = response.json().await.unwrap();
    assert_eq!(address, format!("{}/{}", paths::DOCUMENTS, uploaded.id));
    let done = async {
        loop {
            let now: Document = browser.get(&address).await.json().await.unwrap();
            if now.state != DocumentState::Indexing {
                return now;
            }
            tokio::task::yield_now().await;
        }
    };
    let done = tokio::time::timeout(PATIENCE, done).await.unwrap();
    assert_eq!(done.state, DocumentState::Indexed);
    done
}

async fn found(browser: &mut Browser, query: &str) -> Vec<(String, String)> {
    let response = browser
        .post_json(paths::SEARCH, &json!({ "query": query }))
        .await;
    assert_eq!(response.status(), StatusCode::OK, "{query}");
    let found: Found = response.json().await.unwrap();
    let hits = found.hits.into_iter();
    hits.map(|it| (it.title, it.passage)).collect()
}

#[tokio::test]
async fn what_is_uploaded_is_found_by_its_words() {
    let server = TestServer::start().await;
    let mut browser = signed_in(&server).await;
    let bees = indexed(&mut browser, "bees.txt", "Bees dance.\n\nÉlan of the hive.").await;
    indexed(
        &mut browser,
        "../secret/ants.md",
        "Ants march, and do not dance.",
    )
    .await;
    assert_eq!((bees.title.as_str(), bees.bytes), ("bees.txt", 31));

    let both = found(&mut browser, "dance").await;
    assert_eq!(both.len(), 2);
    let ants = found(&mut browser, "ANTS dance").await;
    assert_eq!(
        ants,
        [("ants.md".into(), "Ants march, and do not dance.".into())]
    );
    assert_eq!(found(&mut browser, "elan hive").await.len(), 1);
    assert_eq!(found(&mut browser, "bees march").await, []);
}

#[tokio::test]
async fn words_are_words_whatever_they_look_like() {
    let server = TestServer::start().await;
    let mut browser = signed_in(&server).await;
    indexed(&mut browser, "a.txt", "He said: NOT \"now\" OR never.").await;
    for (query, hits) in [
        ("NOT OR", 1),
        ("\"now\"", 1),
        ("nev*", 0),
        ("body:said", 0),
        ("' OR 1=1 --", 0),
        ("\"", 0),
        ("(", 0),
    ] {
        assert_eq!(found(&mut browser, query).await.len(), hits, "{query}");
    }
    for query in ["", "  ", &"x".repeat(257)] {
        let response = browser
            .post_json(paths::SEARCH, &json!({ "query": query }))
            .await;
        assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY);
        problem(response).await;
    }
}

#[tokio::test]
async fn signs_divide_words_in_texts_and_in_what_is_looked_for() {
    let server = TestServer::start().await;
    let mut browser = signed_in(&server).await;
    let text = "Open bees.txt, write to hive@example.com or /var/lib/honey-jar: -12 of 1.5";
    indexed(&mut browser, "a.txt", text).await;
    for (query, hits) in [
        ("bees", 1),
        ("BEES.TXT", 1),
        ("example hive", 1),
        ("lib", 1),
        ("jar honey", 1),
        ("12", 1),
        ("13", 0),
    ] {
        assert_eq!(found(&mut browser, query).await.len(), hits, "{query}");
    }
}

#[tokio::test]
async fn a_zero_character_is_no_error_of_the_server() {
    let server = TestServer::start().await;
    let mut browser = signed_in(&server).await;
    for path in ["/api/v1/documents?after=%00", "/api/v1/documents/%00"] {
        let status = browser.get(path).await.status();
        assert!(!status.is_server_error(), "{path}: {status}");
    }
}

#[tokio::test]
async fn documents_are_listed_with_the_newest_first() {
    let server = TestServer::start_with(&[("UPLOADS_PER_MINUTE", "60")]).await;
    let mut browser = signed_in(&server).await;
    for _ in 0..51 {
        upload(&mut browser, file("a.txt", "text/plain", "a")).await;
    }
    let first: DocumentPage = browser.get(paths::DOCUMENTS).await.json().await.unwrap();
    let path = format!("{}?after={}", paths::DOCUMENTS, first.next.unwrap());
    let last: DocumentPage = browser.get(&path).await.json().await.unwrap();
    assert_eq!(
        (first.documents.len(), last.documents.len(), last.next),
        (50, 1, None)
    );
    let all: Vec<&Document> = first.documents.iter().chain(&last.documents).collect();
    assert!(all.is_sorted_by_key(|it| (-it.created_at, std::cmp::Reverse(it.id.as_str()))));
}

#[tokio::test]
async fn what_is_no_text_is_refused() {
    let server = TestServer::start().await;
    let mut browser = signed_in(&server).await;
    for (form, status) in [
        (
            file("a.png", "image/png", "a"),
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ),
        (
            file("a.txt", "text/plain", [0xff]),
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
        (
            file("a.txt", "text/plain", "a\0b"),
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
        (
            file("a.txt", "text/plain", " "),
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
        (
            Form::new().text("other", "a"),
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
        (
            file("a.txt", "text/plain", vec![b'a'; MAX_DOCUMENT_BYTES + 1]),
            StatusCode::PAYLOAD_TOO_LARGE,
        ),
    ] {
        let response = upload(&mut browser, form).await;
        assert_eq!(response.status(), status);
        problem(response).await;
    }
    let largest = file("a.txt", "text/plain", vec![b'a'; MAX_DOCUMENT_BYTES]);
    assert_eq!(
        upload(&mut browser, largest).await.status(),
        StatusCode::ACCEPTED
    );
}

#[tokio::test]
async fn documents_are_for_those_who_are_signed_in() {
    let server = TestServer::start().await;
    let mut nobody = server.browser();
    for response in [
        nobody.get(paths::DOCUMENTS).await,
        nobody.get("/api/v1/documents/1").await,
        nobody
            .post_json(paths::SEARCH, &json!({ "query": "a" }))
            .await,
        upload(&mut nobody, file("a.txt", "text/plain", "a")).await,
    ] {
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        problem(response).await;
    }
    let response = signed_in(&server).await.get("/api/v1/documents/1").await;
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
}
