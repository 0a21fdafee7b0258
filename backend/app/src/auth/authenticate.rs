//! Is this the person? One span tells how it went.

use rag_admin_api::User;
use tracing::{Instrument, Span, field, info_span};

use super::{
    password::Password,
    sessions::{self, TokenPair},
};
use crate::{
    app::App,
    clock,
    users::{self, Email},
};

/// Why somebody was not signed in. Clients get the same answer for the first two.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AuthenticationError {
    #[error("user not found")]
    UserNotFound,
    #[error("invalid password")]
    InvalidPassword,
    #[error("internal error")]
    Internal(#[from] anyhow::Error),
}

/// Finds the user, checks the password and opens a session.
pub(crate) async fn authenticate_user(
    app: &App,
    email: &Email,
    password: Password,
) -> Result<(User, TokenPair), AuthenticationError> {
    let span = info_span!(
        "authenticate_user",
        auth.method = "email_password",
        auth.success = field::Empty,
        user.id = field::Empty,
        user.email = app.telemetry_email.show(email.as_str()),
        otel.status_description = field::Empty,
    );
    async {
        let result = authenticate(app, email, password).await;
        let span = Span::current();
        span.record("auth.success", result.is_ok());
        match &result {
            Ok((user, _)) => span.record("user.id", &user.id),
            Err(error) => span.record("otel.status_description", error.to_string()),
        };
        result
    }
    .instrument(span)
    .await
}

async fn authenticate(
    app: &App,
    email: &Email,
    password: Password,
) -> Result<(User, TokenPair), AuthenticationError> {
    let account = users::find_by_email(&app.db, email)
        .await
        .map_err(anyhow::Error::from)?;
    // The password is checked for somebody unknown too: the time of the answer must not tell who has an account.
    let hash = account
        .as_ref()
        .map(|account| account.password_hash.as_str())
        // Whoever signs in with a provider may have none.
        .filter(|hash| !hash.is_empty());
    let valid = app.passwords.verify(password, hash).await?;
    let user = account.ok_or(AuthenticationError::UserNotFound)?.user;
    if !valid {
        return Err(AuthenticationError::InvalidPassword);
    }
    let pair = sessions::open(&app.db, &user.id, clock::unix_seconds()).await?;
    Ok((user, pair))
}
