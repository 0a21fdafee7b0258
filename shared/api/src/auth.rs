//! Signing in: who asks, and who they turn out to be.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::User;

/// The longest e-mail address that can be signed in with, in bytes (RFC 5321, 4.5.3.1.3).
pub const MAX_EMAIL_BYTES: usize = 254;

/// The longest password, in bytes: bcrypt looks at no more, so a longer one is refused and not cut.
pub const MAX_PASSWORD_BYTES: usize = 72;

/// The shortest password that can be chosen, in characters (NIST SP 800-63B asks for this many at least).
pub const MIN_PASSWORD_CHARS: usize = 8;

/// What a person types in to sign in. `Debug` shows neither field.
#[derive(Clone, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignIn {
    /// The e-mail address, in any case and with or without spaces around it.
    pub email: String,
    /// The password, up to [`MAX_PASSWORD_BYTES`].
    pub password: String,
}

/// What a person types in to change the password. `Debug` shows neither field.
#[derive(Clone, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PasswordChange {
    /// The password until now.
    pub current: String,
    /// The password from now on: [`MIN_PASSWORD_CHARS`] characters to [`MAX_PASSWORD_BYTES`] bytes.
    pub new: String,
}

/// A signed-in person.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Session {
    /// Who is signed in.
    pub user: User,
}

// === impl SignIn ===

impl fmt::Debug for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignIn").finish_non_exhaustive()
    }
}

// === impl PasswordChange ===

impl fmt::Debug for PasswordChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasswordChange").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Role;

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
        let change = PasswordChange {
            current: "hunter2".into(),
            new: "hunter3".into(),
        };
        assert_eq!(format!("{change:?}"), "PasswordChange { .. }");
    }
}
