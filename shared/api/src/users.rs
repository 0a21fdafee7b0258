//! The people who have an account, and how an administrator adds one.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Users that one answer holds at most, and if nobody asks for fewer.
pub const MAX_USERS_PER_PAGE: u32 = 100;

/// A person who has an account.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct User {
    /// Opaque and permanent.
    pub id: String,
    /// In lower case.
    pub email: String,
    /// What the person may do.
    pub role: Role,
}

/// What a person may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Everything, the trace viewer included.
    Admin,
    /// Use the application.
    #[default]
    User,
}

/// Some of the users, in the order in which they were added.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UserPage {
    /// At most as many as were asked for.
    pub users: Vec<User>,
    /// What to ask for as `after` to get those that follow. `None`: there are no more.
    pub next: Option<String>,
}

/// A user to be added. `Debug` shows the role only.
#[derive(Clone, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewUser {
    /// The e-mail address, in any case and with or without spaces around it. Nobody else has it.
    pub email: String,
    /// [`MIN_PASSWORD_CHARS`](crate::MIN_PASSWORD_CHARS) characters to [`MAX_PASSWORD_BYTES`](crate::MAX_PASSWORD_BYTES) bytes.
    pub password: String,
    /// What the person may do; `user` if it is not said.
    #[serde(default)]
    pub role: Role,
}

// === impl Role ===

impl Role {
    /// The name that the API and the database use.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Admin => "admin",
            Role::User => "user",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

// === impl NewUser ===

impl fmt::Debug for NewUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("NewUser");
        shown.field("role", &self.role).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_user_has_the_lesser_role_and_no_password_to_print() {
        let new: NewUser =
            serde_json::from_str(r#"{"email":"a@example.com","password":"hunter2"}"#).unwrap();
        assert_eq!(format!("{new:?}"), "NewUser { role: User, .. }");
    }
}
