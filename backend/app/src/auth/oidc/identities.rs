//! Every query on `identities`: which account is a provider's person's?

use rag_admin_api::{Role, User};

use super::provider::Person;
use crate::{auth::random_id, clock, db::Db, users};

/// The account of a person, if there is one, or if one may be made.
///
/// The first time, it is the account with the person's e-mail address, which the provider has verified. From then on it is the
/// same account whatever becomes of the address.
pub(super) async fn account(
    db: &Db,
    issuer: &str,
    person: &Person,
    sign_up: bool,
) -> anyhow::Result<Option<User>> {
    if let Some(user_id) = find(db, issuer, &person.subject).await? {
        return Ok(users::find_by_id(db, &user_id).await?);
    }
    let user = match users::find_by_email(db, &person.email).await? {
        Some(account) => account.user,
        None if sign_up => add(db, person).await?,
        None => return Ok(None),
    };
    insert(db, issuer, &person.subject, &user.id).await?;
    Ok(Some(user))
}

/// An account that has no password.
async fn add(db: &Db, person: &Person) -> anyhow::Result<User> {
    let user = User {
        id: random_id()?,
        email: person.email.as_str().to_owned(),
        role: Role::User,
    };
    users::insert(db, &user, "", clock::unix_seconds()).await?;
    Ok(user)
}

async fn find(db: &Db, issuer: &str, subject: &str) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar("SELECT user_id FROM identities WHERE issuer = $1 AND subject = $2")
        .bind(issuer)
        .bind(subject)
        .fetch_optional(db)
        .await
}

async fn insert(db: &Db, issuer: &str, subject: &str, user_id: &str) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO identities (issuer, subject, user_id, created_at) VALUES ($1, $2, $3, $4)",
    )
    .bind(issuer)
    .bind(subject)
    .bind(user_id)
    .bind(clock::unix_seconds())
    .execute(db)
    .await
    .map(drop)
}
