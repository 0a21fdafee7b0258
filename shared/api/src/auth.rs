//! Signing in: who asks, and who they turn out to be.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The longest e-mail address that can be signed in with, in bytes (RFC 5321, 4.5.3.1.3).
pub const MAX_EMAIL_BYTES: usize = 254;

/// The longest password, in bytes: bcrypt looks at no more, so a longer one is refused and not cut.
pub const MAX_PASSWORD_BYTES: usize = 72;

/// What a person types in to sign in. `Debug` shows neither field.
#[derive(Clone, Deserialize, Serialize)]
pub struct SignIn {
    /// The e-mail address, in any case and with or without spaces around it.
    pub email: String,
    /// The password, up to [`MAX_PASSWORD_BYTES`].
    pub password: String,
}

/// A signed-in person.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Session {
    /// Who is signed in.
    pub user: User,
}

/// A person who has an account.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct User {
    /// Opaque and permanent.
    pub id: String,
    /// In lower case.
    pub email: String,
    /// What the person may do.
    pub role: Role,
}

/// What a person may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Everything, the trace viewer included.
    Admin,
    /// Use the application.
    User,
}

// === impl SignIn ===

impl fmt::Debug for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignIn").finish_non_exhaustive()
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_has_the_documented_shape() {
        let session = Session {
            user: User {
                id: "1".into(),
                email: "a@example.com".into(),
                role: Role::Admin,
            },
        };
        assert_eq!(
            serde_json::to_string(&session).unwrap(),
            r#"{"user":{"id":"1","email":"a@example.com","role":"admin"}}"#,
        );
    }

    #[test]
    fn what_a_person_types_is_never_printed() {
        let typed = SignIn {
            email: "a@example.com".into(),
            password: "hunter2".into(),
        };
        assert_eq!(format!("{typed:?}"), "SignIn { .. }");
    }
}
