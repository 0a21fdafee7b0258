use rag_admin_api::Role;
use tempfile::TempDir;

use super::*;
use crate::{db, settings::Settings};

const NOW: i64 = 1_000_000;
const ALICE: &str = "alice";

async fn database() -> (TempDir, Db) {
    let dir = TempDir::new().unwrap();
    let data_dir = dir.path().to_str().unwrap().to_owned();
    let settings =
        Settings::from_vars(|name| (name == "DATA_DIR").then(|| data_dir.clone())).unwrap();
    let db = db::open(&settings).await.unwrap();
    let alice = User {
        id: ALICE.into(),
        email: "alice@example.com".into(),
        role: Role::User,
    };
    assert!(users::insert(&db, &alice, "", NOW).await.unwrap());
    (dir, db)
}

async fn renewed(db: &Db, refresh: &Secret, now: i64) -> TokenPair {
    match exchange(db, refresh, now).await.unwrap() {
        Exchange::Renewed(pair, user) => {
            assert_eq!(user.id, ALICE);
            pair
        }
        other => panic!("{other:?}"),
    }
}

async fn opens(db: &Db, access: &Secret, now: i64) -> bool {
    find(db, access, now).await.unwrap().is_some()
}

#[tokio::test]
async fn an_access_token_opens_for_a_quarter_of_an_hour() {
    let (_dir, db) = database().await;
    let pair = open(&db, ALICE, NOW).await.unwrap();
    assert!(opens(&db, &pair.access, NOW + 15 * 60 - 1).await);
    assert!(!opens(&db, &pair.access, NOW + 15 * 60).await);
    assert!(
        !opens(&db, &pair.refresh, NOW).await,
        "the other token opens nothing"
    );
}

#[tokio::test]
async fn a_refresh_token_is_exchanged_within_two_weeks() {
    let (_dir, db) = database().await;
    let pair = open(&db, ALICE, NOW).await.unwrap();
    let next = renewed(&db, &pair.refresh, NOW + 14 * 24 * 3600 - 1).await;
    let late = NOW + 2 * 14 * 24 * 3600;
    assert!(matches!(
        exchange(&db, &next.refresh, late).await.unwrap(),
        Exchange::Refused
    ));
}

#[tokio::test]
async fn two_tabs_can_exchange_the_same_token_at_once() {
    let (_dir, db) = database().await;
    let pair = open(&db, ALICE, NOW).await.unwrap();
    let one = renewed(&db, &pair.refresh, NOW).await;
    let other = renewed(&db, &pair.refresh, NOW + 9).await;
    for tab in [&one, &other] {
        assert!(opens(&db, &tab.access, NOW + 9).await);
    }
    assert!(matches!(
        exchange(&db, &pair.refresh, NOW + 10).await.unwrap(),
        Exchange::Reused
    ));
    for tab in [&one, &other] {
        assert!(!opens(&db, &tab.access, NOW + 10).await);
    }
}

#[tokio::test]
async fn a_second_exchange_revokes_what_the_first_one_gave() {
    let (_dir, db) = database().await;
    let stolen = open(&db, ALICE, NOW).await.unwrap();
    let other = open(&db, ALICE, NOW).await.unwrap();
    let next = renewed(&db, &stolen.refresh, NOW).await;
    let last = renewed(&db, &next.refresh, NOW).await;

    let later = NOW + 60;
    assert!(matches!(
        exchange(&db, &stolen.refresh, later).await.unwrap(),
        Exchange::Reused
    ));
    for pair in [&stolen, &next, &last] {
        assert!(!opens(&db, &pair.access, later).await);
    }
    assert!(matches!(
        exchange(&db, &last.refresh, later).await.unwrap(),
        Exchange::Refused
    ));
    assert!(
        opens(&db, &other.access, later).await,
        "another sign-in goes on"
    );
}

#[tokio::test]
async fn either_token_ends_the_session() {
    let (_dir, db) = database().await;
    let (one, other) = (
        open(&db, ALICE, NOW).await.unwrap(),
        open(&db, ALICE, NOW).await.unwrap(),
    );
    revoke(&db, Some(&one.access), None, NOW).await.unwrap();
    revoke(&db, None, Some(&other.refresh), NOW).await.unwrap();
    assert!(!opens(&db, &one.access, NOW).await && !opens(&db, &other.access, NOW).await);
}

#[tokio::test]
async fn expired_rows_are_deleted() {
    let (_dir, db) = database().await;
    open(&db, ALICE, NOW).await.unwrap();
    assert_eq!(forget_expired(&db, NOW).await.unwrap(), 0);
    assert_eq!(forget_expired(&db, NOW + 14 * 24 * 3600).await.unwrap(), 1);
}

#[tokio::test]
async fn the_database_holds_no_token() {
    let (_dir, db) = database().await;
    let pair = open(&db, ALICE, NOW).await.unwrap();
    let (refresh, access): (String, String) =
        sqlx::query_as("SELECT refresh_hash, access_hash FROM refresh_tokens")
            .fetch_one(&db)
            .await
            .unwrap();
    assert_eq!((refresh.len(), access.len()), (64, 64));
    assert_ne!(refresh, pair.refresh.expose());
    assert_ne!(access, pair.access.expose());
}
