//! An e-mail address as accounts are found by it.

use std::fmt;

use rag_admin_api::MAX_EMAIL_BYTES;

/// An e-mail address: trimmed, in lower case. `Debug` does not show it; telemetry shows it through
/// [`TelemetryEmail`](crate::settings::TelemetryEmail).
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Email(String);

/// Not an e-mail address.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("This is not an e-mail address.")]
pub(crate) struct NotAnEmail;

// === impl Email ===

impl Email {
    /// Takes what looks like an address. Whether one exists, only a message to it can tell.
    pub(crate) fn parse(typed: &str) -> Result<Email, NotAnEmail> {
        let email = typed.trim().to_lowercase();
        let (local, domain) = email.rsplit_once('@').ok_or(NotAnEmail)?;
        let odd = |c: char| c.is_whitespace() || c.is_control();
        if local.is_empty()
            || domain.is_empty()
            || email.len() > MAX_EMAIL_BYTES
            || email.contains(odd)
        {
            return Err(NotAnEmail);
        }
        Ok(Email(email))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_spaces_around_do_not_matter() {
        assert_eq!(
            Email::parse(" Demo@Example.COM\n").unwrap().as_str(),
            "demo@example.com"
        );
    }

    #[test]
    fn what_is_not_an_address_is_refused() {
        let long = format!("{}@example.com", "x".repeat(250));
        for typed in [
            "",
            "demo",
            "@example.com",
            "demo@",
            "de mo@example.com",
            "a\0@b",
            &long,
        ] {
            assert_eq!(Email::parse(typed), Err(NotAnEmail), "{typed:?}");
        }
    }
}
