//! The administrator of a demonstration, whose password everybody knows: `Settings` refuses it on a public address.

use rag_admin_api::{Role, User};
use sqlx::Any;
use throughline_instrument::sqlx::Untraced;

use super::{Email, find_by_email, insert};
use crate::{
    auth::{Password, Passwords, random_id},
    clock,
};

const EMAIL: &str = "demo@example.com";
const PASSWORD: &str = "correct horse battery staple";

/// Makes the demonstration administrator, unless there is one.
pub(crate) async fn ensure_demo_user(
    db: Untraced<'_, Any>,
    passwords: &Passwords,
) -> anyhow::Result<()> {
    if find_by_email(db, &Email::parse(EMAIL)?).await?.is_none() {
        let hash = passwords.hash(Password::new(PASSWORD)?).await?;
        let user = User {
            id: random_id()?,
            email: EMAIL.to_owned(),
            role: Role::Admin,
        };
        insert(db, &user, &hash, clock::unix_seconds()).await?;
    }
    Ok(())
}
