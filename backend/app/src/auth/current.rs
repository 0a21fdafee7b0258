//! Who sent a request.

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, StatusCode, request::Parts},
};
use rag_admin_api::{Role, User};
use sqlx::any::AnyExecutor;

use super::{CookieStyle, sessions};
use crate::{app::App, clock, problem::Problem};

/// The signed-in user of a request; without one, the answer is 401.
#[derive(Debug)]
pub(crate) struct CurrentUser(pub(crate) User);

/// The signed-in user of a request, who is an administrator; else the answer is 401 or 403.
#[derive(Debug)]
pub(crate) struct Admin(pub(crate) User);

// === impl CurrentUser ===

impl CurrentUser {
    /// The user whose access token is in the cookies. The database is a parameter: who is asked for by the trace viewer
    /// must not make traces.
    pub(crate) async fn find(
        db: impl AnyExecutor<'_> + Copy,
        cookies: CookieStyle,
        headers: &HeaderMap,
    ) -> sqlx::Result<Option<CurrentUser>> {
        let Some(access) = cookies.access(headers) else {
            return Ok(None);
        };
        let user = sessions::find(db, &access, clock::unix_seconds()).await?;
        Ok(user.map(CurrentUser))
    }

    pub(crate) fn is_admin(&self) -> bool {
        self.0.role == Role::Admin
    }
}

impl FromRequestParts<App> for CurrentUser {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<CurrentUser, Problem> {
        match CurrentUser::find(&app.db, app.cookies, &parts.headers).await? {
            Some(user) => Ok(user),
            None if app.cookies.refresh(&parts.headers).is_some() => {
                Err(Problem::session_expired())
            }
            None => Err(Problem::unauthorized("Nobody is signed in.")),
        }
    }
}

// === impl Admin ===

impl FromRequestParts<App> for Admin {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Admin, Problem> {
        let user = CurrentUser::from_request_parts(parts, app).await?;
        if !user.is_admin() {
            let detail = "Only administrators may do this.";
            return Err(Problem::new(StatusCode::FORBIDDEN, detail));
        }
        Ok(Admin(user.0))
    }
}
