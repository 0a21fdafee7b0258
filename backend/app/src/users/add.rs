//! `rag-admin-server user add`: how the first administrator comes to be.

use anyhow::{Context, bail, ensure};
use rag_admin_api::{Role, User};

use super::{Email, insert};
use crate::{
    auth::{Password, Passwords, Secret, random_id},
    clock, db,
    settings::Settings,
};

/// NIST SP 800-63B asks for this many characters at least.
const MIN_PASSWORD_CHARS: usize = 8;

/// Adds a user to the database, which is made if need be. Returns the normalised e-mail address.
pub async fn add(
    settings: &Settings,
    email: &str,
    password: &Secret,
    role: Role,
) -> anyhow::Result<String> {
    let email = Email::parse(email).with_context(|| format!("{email:?}"))?;
    let password = Password::new(password.expose())?;
    ensure!(
        password.chars() >= MIN_PASSWORD_CHARS,
        "The password has fewer than {MIN_PASSWORD_CHARS} characters."
    );

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
