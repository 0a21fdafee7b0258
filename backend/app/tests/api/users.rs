//! `GET /api/v1/users`, `GET /api/v1/users/{id}`, `POST /api/v1/users`

use rag_admin_api::{Role, User, UserPage, paths};
use reqwest::{StatusCode, header};
use serde_json::json;

use crate::support::{Browser, EMAIL, PASSWORD, TestServer, problem};

async fn administrator(server: &TestServer) -> Browser {
    let mut browser = server.browser();
    browser.sign_in(EMAIL, PASSWORD).await;
    browser
}

async fn add(browser: &mut Browser, email: &str) -> User {
    let new = json!({ "email": email, "password": PASSWORD });
    let response = browser.post_json(paths::USERS, &new).await;
    assert_eq!(response.status(), StatusCode::CREATED);
    response.json().await.unwrap()
}

#[tokio::test]
async fn an_administrator_adds_a_user_who_can_sign_in() {
    let server = TestServer::start().await;
    let mut admin = administrator(&server).await;
    let new = json!({ "email": " Bob@Example.COM ", "password": PASSWORD });
    let response = admin.post_json(paths::USERS, &new).await;
    assert_eq!(response.status(), StatusCode::CREATED);
    let address = response.headers()[header::LOCATION]
        .to_str()
        .unwrap()
        .to_owned();
    let bob: User = response.json().await.unwrap();
    assert_eq!(
        (bob.email.as_str(), bob.role),
        ("bob@example.com", Role::User)
    );
    assert_eq!(address, format!("{}/{}", paths::USERS, bob.id));
    assert_eq!(admin.get(&address).await.json::<User>().await.unwrap(), bob);

    let mut browser = server.browser();
    let response = browser.sign_in("bob@example.com", PASSWORD).await;
    assert_eq!(response.status(), StatusCode::OK);
}

#[tokio::test]
async fn users_are_listed_page_by_page_in_the_order_in_which_they_came() {
    let server = TestServer::start().await;
    let mut admin = administrator(&server).await;
    for name in ["bob", "carol", "dave"] {
        add(&mut admin, &format!("{name}@example.com")).await;
    }
    let (mut all, mut pages, mut after) = (Vec::new(), 0, String::new());
    loop {
        let path = format!("{}?limit=2&after={after}", paths::USERS);
        let page: UserPage = admin.get(&path).await.json().await.unwrap();
        assert!(page.users.len() <= 2);
        all.extend(page.users);
        pages += 1;
        match page.next {
            Some(next) => after = next,
            None => break,
        }
    }
    assert_eq!(pages, 3, "the last one is empty: nobody could know");
    let whole: UserPage = admin.get(paths::USERS).await.json().await.unwrap();
    assert_eq!(whole.users, all);
    let mut emails: Vec<&str> = all.iter().map(|it| it.email.as_str()).collect();
    emails.sort_unstable();
    let expected = ["alice", "bob", "carol", "dave"].map(|it| format!("{it}@example.com"));
    assert_eq!(emails, expected);
}

#[tokio::test]
async fn only_administrators_see_or_add_users() {
    let server = TestServer::start().await;
    let bob = add(&mut administrator(&server).await, "bob@example.com").await;
    let one = format!("{}/{}", paths::USERS, bob.id);
    let new = json!({ "email": "eve@example.com", "password": PASSWORD, "role": "admin" });
    let mut nobody = server.browser();
    let mut browser = server.browser();
    browser.sign_in("bob@example.com", PASSWORD).await;
    for (who, status) in [
        (&mut nobody, StatusCode::UNAUTHORIZED),
        (&mut browser, StatusCode::FORBIDDEN),
    ] {
        for response in [
            who.get(paths::USERS).await,
            who.get(&one).await,
            who.post_json(paths::USERS, &new).await,
        ] {
            assert_eq!(response.status(), status);
            problem(response).await;
        }
    }
}

#[tokio::test]
async fn what_cannot_be_added_is_told() {
    let server = TestServer::start().await;
    let mut admin = administrator(&server).await;
    for (new, status) in [
        (
            json!({ "email": EMAIL, "password": PASSWORD }),
            StatusCode::CONFLICT,
        ),
        (
            json!({ "email": "bob", "password": PASSWORD }),
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
        (
            json!({ "email": "bob@b.c", "password": "short" }),
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
        (
            json!({ "email": "bob@b.c", "password": "x".repeat(73) }),
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
        (
            json!({ "email": "bob@b.c", "password": PASSWORD, "role": "root" }),
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
        (
            json!({ "email": "bob@b.c" }),
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
    ] {
        let response = admin.post_json(paths::USERS, &new).await;
        assert_eq!(response.status(), status, "{new}");
        problem(response).await;
    }
    for query in ["limit=0", "limit=101", "limit=-1", "limit=x"] {
        let response = admin.get(&format!("{}?{query}", paths::USERS)).await;
        assert_eq!(
            response.status(),
            StatusCode::UNPROCESSABLE_ENTITY,
            "{query}"
        );
        problem(response).await;
    }
    let response = admin.get(&format!("{}/nobody", paths::USERS)).await;
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    assert_eq!(problem(response).await.detail, "There is no such user.");
}
