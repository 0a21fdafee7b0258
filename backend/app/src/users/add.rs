//! `rag-admin-server user add`: how the first administrator comes to be.

use anyhow::{Context, bail};
use rag_admin_api::{Role, User};

use super::{Email, insert};
use crate::{
    auth::{Password, Passwords, Secret, random_id},
    clock, db,
    settings::Settings,
};

/// Adds a user to the database, which is made if need be. Returns the normalised e-mail address.
pub async fn add(
    settings: &Settings,
    email: &str,
    password: &Secret,
    role: Role,
) -> anyhow::Result<String> {
    let email = Email::parse(email).with_context(|| format!("{email:?}"))?;
    let password = Password::chosen(password.expose())?;

    let db = db::open(settings).await?;
    let hash = Passwords::new(settings.bcrypt_cost).hash(password).await?;
    let user = User {
        id: random_id()?,
        email: email.as_str().to_owned(),
        role,
    };
    if !insert(db.untraced(), &user, &hash, clock::unix_seconds()).await? {
        bail!("{} has an account already.", user.email);
    }
    Ok(user.email)
}
