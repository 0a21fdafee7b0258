//! The people who have an account.

use gloo_net::http::Request;
use rag_admin_api::{NewUser, User, UserPage, paths};

use super::{ApiError, page_after, read, send};
use crate::parts::Listed;

/// Adds a user.
pub(crate) async fn add(new: NewUser) -> Result<User, ApiError> {
    read(send(|| Request::post(paths::USERS).json(&new)).await?).await
}

impl Listed for User {
    async fn page(after: String) -> Result<(Vec<User>, Option<String>), ApiError> {
        let answer = send(|| page_after(paths::USERS, &after)).await?;
        let UserPage { users, next } = read(answer).await?;
        Ok((users, next))
    }
}
