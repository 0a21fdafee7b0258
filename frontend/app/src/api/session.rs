//! Signing in and out, and what is in between.

use gloo_net::http::Request;
use rag_admin_api::{PasswordChange, Session, SignIn, User, paths};

use super::{ApiError, Built, read, send, send_once};
use crate::lock::TabLock;

/// Signs in with an e-mail address and a password.
pub(crate) async fn sign_in(typed: &SignIn) -> Result<User, ApiError> {
    user(Request::post(paths::SIGN_IN).json(typed)).await
}

/// Ends the session.
pub(crate) async fn sign_out() -> Result<(), ApiError> {
    send_once(Request::post(paths::SIGN_OUT).build())
        .await
        .map(drop)
}

/// Changes the password. Every other session ends, this one goes on.
pub(crate) async fn change_password(typed: PasswordChange) -> Result<(), ApiError> {
    let request = || Request::post(paths::PASSWORD).json(&typed);
    send(request).await.map(drop)
}

/// The user of the session of an earlier visit, if there is one.
pub(crate) async fn restore() -> Result<Option<User>, ApiError> {
    let found = match user(Request::get(paths::ME).build()).await {
        Err(error) if error.is_expired() => renew().await,
        other => other,
    };
    match found {
        Err(ApiError::Unauthorized(_)) => Ok(None),
        other => other.map(Some),
    }
}

/// Exchanges the tokens of the session for new ones.
///
/// A refresh token can be used once, and all tabs share it: two tabs that use it at once look like a thief. So they do
/// it in turn, each with the token that the one before it got.
pub(crate) async fn renew() -> Result<User, ApiError> {
    let _lock = TabLock::acquire("rag-admin-renew").await;
    user(Request::post(paths::REFRESH).build()).await
}

async fn user(request: Built) -> Result<User, ApiError> {
    let session: Session = read(send_once(request).await?).await?;
    Ok(session.user)
}
