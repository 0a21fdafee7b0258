//! Passwords: bcrypt, off the threads that serve requests, no more at once than there are processors.

use std::{fmt, sync::Arc, thread};

use rag_admin_api::{MAX_PASSWORD_BYTES, MIN_PASSWORD_CHARS};
use throughline_instrument::task::spawn_blocking;
use tokio::sync::Semaphore;
use tracing::{Instrument, Span, field, info_span};

/// A password that bcrypt can look at all of. It cannot be printed.
#[derive(Clone)]
pub(crate) struct Password(Arc<str>);

/// A password that cannot be one.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UnusablePassword {
    #[error("The password is empty.")]
    Empty,
    #[error("The password is longer than {MAX_PASSWORD_BYTES} bytes.")]
    TooLong,
    #[error("The password holds a zero character.")]
    Zero,
    #[error("The password has fewer than {MIN_PASSWORD_CHARS} characters.")]
    TooShort,
}

/// Hashes and checks passwords.
#[derive(Clone, Debug)]
pub(crate) struct Passwords {
    cost: u32,
    /// What the password of somebody unknown is compared with, so that the answer takes as long.
    nobody: Arc<str>,
    /// A check takes a processor for a quarter of a second.
    processors: Arc<Semaphore>,
}

// === impl Password ===

impl Password {
    pub(crate) fn new(typed: &str) -> Result<Password, UnusablePassword> {
        match typed {
            "" => Err(UnusablePassword::Empty),
            _ if typed.len() > MAX_PASSWORD_BYTES => Err(UnusablePassword::TooLong),
            _ if typed.contains('\0') => Err(UnusablePassword::Zero),
            _ => Ok(Password(typed.into())),
        }
    }

    /// One that somebody chooses: it must also be long enough.
    pub(crate) fn chosen(typed: &str) -> Result<Password, UnusablePassword> {
        let password = Password::new(typed)?;
        if password.0.chars().count() < MIN_PASSWORD_CHARS {
            return Err(UnusablePassword::TooShort);
        }
        Ok(password)
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

// === impl Passwords ===

impl Passwords {
    pub(crate) fn new(cost: u32) -> Passwords {
        // Salt and hash are those of no password that anybody knows; only the cost in it counts.
        let nobody = format!("$2b${cost:02}$yVZQwRvRFXBKVGxqPNIGSOlBbHB1ETXxx5ZzdlYNGHgRDYkWHjcpm");
        let processors = thread::available_parallelism().map_or(1, Into::into);
        Passwords {
            cost,
            nobody: nobody.into(),
            processors: Arc::new(Semaphore::new(processors)),
        }
    }

    /// The hash to store for a password.
    pub(crate) async fn hash(&self, password: Password) -> anyhow::Result<String> {
        let cost = self.cost;
        let _processor = self.processors.acquire().await?;
        Ok(spawn_blocking(move || bcrypt::hash(password.0.as_bytes(), cost)).await??)
    }

    /// Whether the password belongs to the hash; for nobody's hash never, and it takes as long.
    pub(crate) async fn verify(
        &self,
        password: Password,
        hash: Option<&str>,
    ) -> anyhow::Result<bool> {
        let span = info_span!(
            "verify_password",
            crypto.algorithm = "bcrypt",
            auth.password_valid = field::Empty,
        );
        async {
            let matches = self.matches(password, hash.unwrap_or(&self.nobody)).await?;
            let valid = matches && hash.is_some();
            Span::current().record("auth.password_valid", valid);
            Ok(valid)
        }
        .instrument(span)
        .await
    }

    async fn matches(&self, password: Password, hash: &str) -> anyhow::Result<bool> {
        let hash = hash.to_owned();
        let _processor = self.processors.acquire().await?;
        let check = move || bcrypt::verify(password.0.as_bytes(), &hash);
        Ok(spawn_blocking(|| info_span!("bcrypt.verify").in_scope(check)).await??)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COST: u32 = 4;

    #[test]
    fn a_password_of_72_bytes_is_the_longest() {
        assert!(Password::new(&"x".repeat(72)).is_ok());
        assert_eq!(
            Password::new(&"x".repeat(73)).unwrap_err(),
            UnusablePassword::TooLong
        );
        assert_eq!(Password::new("").unwrap_err(), UnusablePassword::Empty);
        assert_eq!(Password::new("a\0b").unwrap_err(), UnusablePassword::Zero);
    }

    #[test]
    fn a_password_that_is_chosen_has_eight_characters() {
        assert!(Password::chosen("12345678").is_ok());
        assert_eq!(
            Password::chosen("1234567").unwrap_err(),
            UnusablePassword::TooShort
        );
    }

    #[tokio::test]
    async fn all_72_bytes_count() {
        let passwords = Passwords::new(COST);
        let password = |last: &str| Password::new(&format!("{}{last}", "x".repeat(71))).unwrap();
        let hash = passwords.hash(password("a")).await.unwrap();
        assert!(passwords.verify(password("a"), Some(&hash)).await.unwrap());
        assert!(!passwords.verify(password("b"), Some(&hash)).await.unwrap());
    }

    #[tokio::test]
    async fn nobody_has_a_password() {
        let passwords = Passwords::new(COST);
        assert!(
            !passwords
                .verify(Password::new("x").unwrap(), None)
                .await
                .unwrap()
        );
    }

    #[test]
    fn checking_nobody_costs_as_much_as_checking_somebody() {
        let nobody: bcrypt::HashParts = Passwords::new(11).nobody.parse().unwrap();
        assert_eq!(nobody.get_cost(), 11);
    }
}
